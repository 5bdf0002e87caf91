package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// settle is how long a process has to give back what reading its fixture took.
const settle = time.Second

// scale measures whether a request costs the same whatever there is beside what it is for: each shape
// beside the first.
func (m *meter) scale(ctx context.Context) (err error) {
	least := shape{name: "10 secrets", secrets: 10, identities: 1, credentials: 1}
	few, err := m.serve(ctx, least)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, few.Stop()) }()
	fmt.Fprintf(m.out, "\nserver CPU a request, as a ratio to that with %s (aim 1.20)\n", least.name)
	for _, s := range []shape{
		{name: "1,000 secrets", secrets: 1_000, identities: 1, credentials: 1},
		{name: "100,000 secrets", secrets: 100_000, identities: 1, credentials: 1},
		{name: "1,000 vaults", secrets: 10, vaults: 1_000, identities: 1, credentials: 1},
		{name: "10,000 identities with 20 credentials", secrets: 10, identities: 10_000, credentials: 20},
	} {
		if err := m.larger(ctx, few, s); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

func (m *meter) larger(ctx context.Context, few *caller, s shape) (err error) {
	many, err := m.serve(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, many.Stop()) }()
	time.Sleep(settle)
	rss, err := many.RSS()
	if err != nil {
		return err
	}
	fmt.Fprintf(m.out, "  %s: ready after %v, %.0f MB resident\n", s.name, many.Took.Round(time.Millisecond), float64(rss)/1e6)
	for _, w := range []workload{
		{"federated token", 0, m.tokens, one((*caller).federated)},
		{"secret read", 0, m.reads, one((*caller).read)},
		{"list page", 0, m.reads, one((*caller).list)},
	} {
		var both [2]side
		for i, c := range []*caller{many, few} {
			q, err := w.mix(c, ctx)
			if err != nil {
				return err
			}
			both[i] = side{c.Process, q}
		}
		const connections = 4
		pairs, err := m.rounded(ctx, both[0], both[1], w.count, connections)
		if err != nil {
			return err
		}
		fmt.Fprintf(m.out, "    %-16s %s\n", w.name, pairs.ratio())
	}
	return nil
}
