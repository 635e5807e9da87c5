package node

import (
	"fmt"
	"log/slog"
)

// logger passes warnings and errors of NATS on, and keeps the first error that ends a server.
type logger struct {
	to    *slog.Logger
	fatal chan string // has room for one
}

func newLogger(o Options) logger {
	l := logger{slog.New(slog.DiscardHandler), make(chan string, 1)}
	if o.Log != nil {
		l.to = o.Log.With("node", o.Name)
	}
	return l
}

// Noticef discards a notice.
func (l logger) Noticef(string, ...any) {}

// Debugf discards details.
func (l logger) Debugf(string, ...any) {}

// Tracef discards messages of the protocol.
func (l logger) Tracef(string, ...any) {}

// Warnf logs a warning.
func (l logger) Warnf(format string, args ...any) { l.to.Warn(fmt.Sprintf(format, args...)) }

// Errorf logs an error.
func (l logger) Errorf(format string, args ...any) { l.to.Error(fmt.Sprintf(format, args...)) }

// Fatalf keeps an error. It does not end the process: Start returns an error then.
func (l logger) Fatalf(format string, args ...any) {
	select {
	case l.fatal <- fmt.Sprintf(format, args...):
	default:
		l.Errorf(format, args...)
	}
}
