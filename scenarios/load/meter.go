package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/kindred-emulator/kindred/scenarios/process"
)

// meter measures, and prints what it found.
type meter struct {
	settings
	work string // a folder
	out  io.Writer
}

// small is what most is measured on.
func small() shape {
	return shape{name: "100 secrets", secrets: 100, identities: 1, credentials: 1}
}

// start measures how long kindred takes to answer, and what it needs when it has nothing to do.
func (m *meter) start(ctx context.Context) (err error) {
	if err := m.starts(ctx); err != nil {
		return err
	}
	c, err := m.serve(ctx, small())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Stop()) }()
	time.Sleep(settle)
	rss, err := c.RSS()
	if err != nil {
		return err
	}
	binary, err := os.Stat(m.kindred)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(m.out, "resident memory, idle: %.1f MB; binary: %.1f MB\n", float64(rss)/1e6, float64(binary.Size())/1e6)
	return err
}

// starts takes the time from starting the program to its first token: without any state, then with the
// keys and vaults that were kept.
func (m *meter) starts(ctx context.Context) error {
	of := small()
	files, err := of.write(filepath.Join(m.work, "fixture-starts"))
	if err != nil {
		return err
	}
	var first, again []time.Duration
	for i := range m.rounds {
		state := filepath.Join(m.work, fmt.Sprint("start-", i))
		for _, times := range []*[]time.Duration{&first, &again} {
			begin := time.Now()
			s, err := process.Kindred(ctx, m.kindred, files, nil, "--state", state)
			if err != nil {
				return err
			}
			_, err = login(ctx, s, of)
			*times = append(*times, time.Since(begin))
			if err = errors.Join(err, s.Stop()); err != nil {
				return err
			}
		}
	}
	_, err = fmt.Fprintf(m.out, "from exec to the first token: %v without state, %v with it (medians of %d)\n",
		median(first).Round(time.Millisecond), median(again).Round(time.Millisecond), m.rounds)
	return err
}

// serve starts a kindred that plays a shape's fixture.
func (m *meter) serve(ctx context.Context, of shape, flags ...string) (*caller, error) {
	files, err := of.write(filepath.Join(m.work, "fixture-"+of.name))
	if err != nil {
		return nil, err
	}
	s, err := process.Kindred(ctx, m.kindred, files, nil, flags...)
	if err != nil {
		return nil, err
	}
	c, err := login(ctx, s, of)
	if err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return c, nil
}

// bounds measures every workload beside its bound.
func (m *meter) bounds(ctx context.Context) (err error) {
	c, err := m.serve(ctx, small())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Stop()) }()
	for _, w := range workloads(m.tokens, m.reads) {
		if err := m.beside(ctx, w, c); err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
	}
	kept, err := m.serve(ctx, small(), "--state", filepath.Join(m.work, "kept"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, kept.Stop()) }()
	const onDisk = 300 // each waits for the disk
	return m.beside(ctx, workload{"secret write with --state", 0, onDisk, (*caller).writes}, kept)
}

// beside measures a workload beside its bound.
func (m *meter) beside(ctx context.Context, w workload, c *caller) (err error) {
	q, err := w.mix(c, ctx)
	if err != nil {
		return err
	}
	bound, err := startBound(ctx, w.name, q, m.work)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bound.Stop()) }()
	aim := ""
	if w.aim > 0 {
		aim = fmt.Sprintf(", aim %.2f", w.aim)
	}
	fmt.Fprintf(m.out, "\n%s (%d × %d requests%s)\n", w.name, m.rounds, w.count, aim)
	for _, connections := range m.connections {
		pairs, err := m.rounded(ctx, side{c.Process, q}, side{bound, q}, w.count, connections)
		if err != nil {
			return err
		}
		fmt.Fprintf(m.out, "  %2d connections  %s   bound %s   CPU ratio %s\n", connections,
			pairs.summary(0), pairs.summary(1), pairs.ratio())
	}
	return nil
}

// side is one of the two that are measured.
type side struct {
	process *process.Process
	mix     mix
}

// rounded measures two in turns, after a round that warms up.
func (m *meter) rounded(ctx context.Context, a, b side, count, connections int) (rounds, error) {
	var all rounds
	for i := range m.rounds + 1 {
		var pair [2]sample
		for n, r := range []side{a, b} {
			var err error
			if pair[n], err = r.load(ctx, count, connections); err != nil {
				return nil, err
			}
		}
		if i > 0 {
			all = append(all, pair)
		}
	}
	return all, nil
}

// sample is one round: each a request.
type sample struct {
	cpu, p50, p99 time.Duration
}

// rounds are pairs of samples that were taken in turns.
type rounds [][2]sample

// ratio is that of the CPU times.
func (r rounds) ratio() string {
	var all []float64
	for _, pair := range r {
		all = append(all, float64(pair[0].cpu)/float64(pair[1].cpu))
	}
	return fmt.Sprintf("%.2f (%.2f to %.2f)", median(all), slices.Min(all), slices.Max(all))
}

// summary is the medians of one of the two.
func (r rounds) summary(which int) string {
	pick := func(f func(sample) time.Duration) time.Duration {
		var all []time.Duration
		for _, pair := range r {
			all = append(all, f(pair[which]))
		}
		return median(all).Round(time.Microsecond)
	}
	return fmt.Sprintf("CPU %-7v p50 %-8v p99 %-8v",
		pick(func(s sample) time.Duration { return s.cpu }),
		pick(func(s sample) time.Duration { return s.p50 }),
		pick(func(s sample) time.Duration { return s.p99 }))
}

func median[T float64 | time.Duration](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

var errAnswer = errors.New("not the answer that was measured at first")
