package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/kindred-emulator/kindred/scenarios/process"
)

// runner runs kindreds under load.
type runner struct {
	program, fixture string
	seed             uint64
	left             int // goroutines, at the end of the last run
}

// soak runs one kindred: a time to warm up, then the time that is looked at, where there is one. It
// returns the dump of the goroutines that were left.
func (r *runner) soak(ctx context.Context, state string, warm, long time.Duration) (string, error) {
	log := &watch{}
	p, err := process.Kindred(ctx, r.program, []string{r.fixture}, log, "--state", state, "--seed", strconv.FormatUint(r.seed, 10))
	if err != nil {
		return "", err
	}
	w := &world{Process: p, log: log}
	files, err := w.phase(ctx, r.seed, warm)
	if err == nil && long > 0 {
		err = r.compare(ctx, w, files, long)
	}
	dump, ended := goroutines(p, log)
	r.left = count(dump)
	if err = errors.Join(err, ended, log.problem()); err != nil {
		return "", fmt.Errorf("seed %d: %w", r.seed, err)
	}
	return dump, nil
}

// compare loads a kindred that has warmed up, and looks for what it holds then that it did not before.
func (r *runner) compare(ctx context.Context, w *world, files int, long time.Duration) (err error) {
	before, after := rest{files: files}, rest{}
	if before.heap, err = w.log.heap(); err != nil {
		return err
	}
	if after.files, err = w.phase(ctx, r.seed+1, long); err != nil {
		return err
	}
	if after.heap, err = w.log.heap(); err != nil {
		return err
	}
	fmt.Printf("%v\nat rest before: %v; after %v: %v\n", w, before, long, after)
	return errors.Join(w.seen(), after.since(before))
}

// world is one kindred and those who use it.
type world struct {
	*process.Process
	log                                  *watch
	requests, throttled, failed, dropped atomic.Int64
	tokens, writes, refused              atomic.Int64
	tunnels, http2                       atomic.Int64
}

func (w *world) String() string {
	return fmt.Sprintf("%d requests were answered as the model does: %d token requests, %d writes, %d refusals; %d over the proxy, %d over HTTP/2\n"+
		"faults met: %d throttled, %d failed, %d connections dropped",
		w.requests.Load(), w.tokens.Load(), w.writes.Load(), w.refused.Load(), w.tunnels.Load(), w.http2.Load(),
		w.throttled.Load(), w.failed.Load(), w.dropped.Load())
}

// phase loads kindred for a time; then every client removes what it has made and hangs up. It returns
// how many files kindred has open when all is quiet.
func (w *world) phase(ctx context.Context, seed uint64, long time.Duration) (files int, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	over := time.Now().Add(long)
	var all sync.WaitGroup
	start := func(f func() error) {
		all.Go(func() {
			if err := f(); err != nil {
				cancel(err)
			}
		})
	}
	for i := range workers {
		start(func() error { return newWorker(w, i, seed).run(ctx, over) })
	}
	start(func() error { return w.operate(ctx, over) })
	start(func() error { return w.annoy(ctx, over, rand.New(rand.NewPCG(seed, 0))) }) //nolint:gosec // repeatable on purpose
	all.Wait()
	if err := context.Cause(ctx); err != nil {
		return 0, err
	}
	return quiet(ctx, w.Process)
}

// seen says what should have come under load and did not.
func (w *world) seen() error {
	for name, n := range map[string]int64{
		"token request": w.tokens.Load(), "write": w.writes.Load(), "refusal": w.refused.Load(), "request over the proxy": w.tunnels.Load(),
		"request over HTTP/2": w.http2.Load(), "throttling": w.throttled.Load(), "failure": w.failed.Load(), "dropped connection": w.dropped.Load(),
	} {
		if n == 0 {
			return fmt.Errorf("there was no %s: nothing is shown", name)
		}
	}
	return nil
}

// goroutines ends a process with SIGQUIT, which has Go's runtime print them all.
func goroutines(p *process.Process, log *watch) (string, error) {
	if err := p.Cmd.Process.Signal(syscall.SIGQUIT); err != nil {
		return "", err
	}
	_ = p.Cmd.Wait() // it fails: that is how SIGQUIT ends it
	dump := log.dump()
	if dump == "" {
		return "", errors.New("it printed no goroutines")
	}
	return dump, nil
}
