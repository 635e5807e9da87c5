package node

import (
	"fmt"
	"log/slog"
)

// logger passes warnings and errors of NATS on.
type logger struct{ to *slog.Logger }

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

// Fatalf logs an error. It does not end the process: Start returns an error then.
func (l logger) Fatalf(format string, args ...any) { l.to.Error(fmt.Sprintf(format, args...)) }
