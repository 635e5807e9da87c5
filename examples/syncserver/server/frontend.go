package server

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/fieldlww/fieldlww/merge/buckets"
)

// Frontend serves the protocol over a Backend: HTTP, tokens, quotas, and event streams. A Server has one. It is safe
// for concurrent use.
type Frontend struct {
	options   Options // with all defaults set
	backend   Backend
	tokens    tokens
	now       func() time.Time // by which tokens end
	feed      feed
	health    health
	pushes    *quotas // of users and workspaces
	pulls     *quotas // of users and workspaces
	joins     *quotas // of addresses
	log       logger  // for lines that clients cause
	metrics   *metrics
	readers   *readers      // of pulls
	writers   *sync.Pool    // of sealers
	encoders  *sync.Pool    // of sealers
	uploads   *readers      // of large pushes
	own       *admission    // of pushes whose body has been read, by user
	histories *admission    // of histories, by user
	stopped   chan struct{} // closed when Watch has ended
}

// NewFrontend returns a Frontend over a Backend of your own. Of the options, it uses Authenticate, MayGrant,
// Origins, Open, Buckets, Schema, Lenses, Log and Now; the others are the Backend's. The caller should run its Watch
// method.
func NewFrontend(ctx context.Context, b Backend, o Options) (*Frontend, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if err := checkOrigins(o.Origins); err != nil {
		return nil, err
	}
	if err := checkVersions(o); err != nil {
		return nil, err
	}
	key, err := b.Secret(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the secret: %w", err)
	}
	return &Frontend{
		options: o, backend: b, tokens: tokens{[]byte(key), time.Now}, now: time.Now,
		feed:    feed{topics: make(map[string]*topic)},
		pushes:  newQuotas(pushedByUser, pushedToWorkspace, pushTime),
		pulls:   newQuotas(pulledByUser, pulledOfWorkspace, minute),
		joins:   newQuotas(joinsOfAddress, math.Inf(1), 5*minute),
		log:     logger{to: o.Log, quotas: newQuotas(linesOfUser, linesOfWorkspace, minute)},
		metrics: newMetrics(),
		readers: newReaders(maxPulls, pullsOfWorkspace, pullsOfUser, maxSilence),
		writers: compressors(), encoders: encoders(),
		uploads:   newReaders(maxUploads, uploadsOfWorkspace, uploadsOfUser, maxUpload),
		own:       newAdmission(maxPushing, pushesOfUser),
		histories: newAdmission(maxHistories, historiesOfUser),
		stopped:   make(chan struct{}),
	}, nil
}

// filing returns the Func of all records, or nil if there is only the bucket "".
func (s *Frontend) filing() buckets.Func { return filingOf(s.options) }
