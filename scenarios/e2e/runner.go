package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"sync"
	"time"

	"github.com/kindred-emulator/kindred/scenarios"
)

// runner runs scenarios and counts.
type runner struct {
	dir   string
	out   io.Writer
	match *regexp.Regexp

	mu             sync.Mutex
	passed, failed int
}

// file runs the scenarios of one file on one kindred: slow ones beside the others.
func (r *runner) file(ctx context.Context, target scenarios.Target, f scenarios.File) (err error) {
	var slow, others []scenarios.Scenario
	for _, s := range f.Scenarios {
		switch {
		case !s.RunsOn(target.Name()) || !r.match.MatchString(f.Name+" "+s.Name):
		case s.Slow:
			slow = append(slow, s)
		default:
			others = append(others, s)
		}
	}
	if len(slow)+len(others) == 0 {
		return nil
	}
	fixture := f.Fixture
	if fixture != "" {
		fixture = filepath.Join(r.dir, fixture)
	}
	defer func() { err = errors.Join(err, target.Down()) }()
	if err := target.Up(ctx, fixture); err != nil {
		return err
	}
	var wait sync.WaitGroup
	for _, s := range slow {
		wait.Go(func() { r.one(ctx, target, f, s) })
	}
	for _, s := range others {
		r.one(ctx, target, f, s)
	}
	wait.Wait()
	return ctx.Err()
}

// one runs a scenario and prints its line.
func (r *runner) one(ctx context.Context, target scenarios.Target, f scenarios.File, s scenarios.Scenario) {
	if ctx.Err() != nil {
		return
	}
	begin := time.Now()
	err := target.Run(ctx, s)
	took := time.Since(begin).Round(time.Millisecond)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.failed++
		fmt.Fprintf(r.out, "✗ %-9s %-8s %s (%s)\n  %v\n", target.Name(), f.Name, s.Name, took, err)
		return
	}
	r.passed++
	fmt.Fprintf(r.out, "✓ %-9s %-8s %s (%s)\n", target.Name(), f.Name, s.Name, took)
}
