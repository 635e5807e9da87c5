package main

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"time"
)

// chaos runs three nodes in processes of their own, lets clients push, and kills nodes meanwhile: the leader, then two,
// then all. It prints a line per second, and at the end what a check has found.
func chaos(ctx context.Context, s settings) error {
	dir, err := os.MkdirTemp("", "cluster-chaos")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fmt.Printf("chaos: three nodes start as processes of their own, with their files in %s\n", dir)
	t, err := newTrio(dir)
	if err != nil {
		return err
	}
	defer t.stop()
	if err := t.start(ctx); err != nil {
		return err
	}
	crew, err := join(ctx, t, s.writers)
	if err != nil {
		return err
	}
	defer crew.stop()
	show := &show{trio: t, crew: crew, of: s.seconds}
	if err := show.run(ctx); err != nil {
		return err
	}
	fmt.Println("chaos: the clients stop, and all nodes run again")
	crew.stop()
	if err := t.healthy(ctx); err != nil {
		return err
	}
	return check(ctx, t, crew)
}

// show is what a person watches.
type show struct {
	trio *trio
	crew *crew
	of   int // seconds
	last int64
	dead int64 // the pushes that were acknowledged when nodes were killed
}

// run prints a line per second, and kills and starts nodes at their times. It goes on until pushes are acknowledged
// after the last kill, for at most a minute.
func (s *show) run(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for second := 1; second <= s.of || s.last == s.dead && second <= s.of+60; second++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := s.crew.failed(); err != nil {
			return err
		}
		done := s.crew.acknowledged.Load()
		leader := s.trio.leader(ctx)
		fmt.Printf("%4d s %6d pushes/s   %-11s   nodes: %s\n", second, done-s.last, leads(leader, s.trio.alive()), s.trio.running())
		s.last = done
		if err := s.act(second, leader); err != nil {
			return err
		}
	}
	return s.trio.startAll()
}

// leads says which node leads. A leader that has lost its followers notices after some seconds, and answers until then.
func leads(leader string, alive int) string {
	switch {
	case alive <= nodes/2:
		return "no majority"
	case leader == "":
		return "no leader"
	}
	return leader + " leads"
}

// act kills or starts nodes. Each quarter of the time begins with a kill, except the first, and the killed nodes start
// again in its middle.
func (s *show) act(second int, leader string) error {
	quarter := max(s.of/4, 2)
	switch second {
	case quarter:
		if leader == "" {
			leader = s.trio.all[0].name
		}
		return s.kill("the leader", leader)
	case 2 * quarter:
		return s.kill("two of three", s.trio.all[0].name, s.trio.all[1].name)
	case 3 * quarter:
		return s.kill("all", s.trio.names()...)
	case quarter + quarter/2, 2*quarter + quarter/2, 3*quarter + quarter/2:
		return s.trio.startAll()
	}
	return nil
}

func (s *show) kill(which string, names ...string) error {
	err := s.trio.kill(which, names...)
	s.dead = s.crew.acknowledged.Load()
	return err
}

// crew is the clients that push.
type crew struct {
	writers      []*writer
	followers    []*follower
	acknowledged atomic.Int64 // pushes
	cancel       context.CancelFunc
	done         chan struct{}
	broken       atomic.Pointer[error] // a refused push, for example
}

func (c *crew) failed() error {
	if err := c.broken.Load(); err != nil {
		return *err
	}
	return nil
}

// stop ends the clients and waits for them. A push without an answer counts as not acknowledged.
func (c *crew) stop() {
	c.cancel()
	<-c.done
}
