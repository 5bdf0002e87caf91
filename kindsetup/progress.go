package kindsetup

import (
	"context"
	"fmt"
	"io"
	"time"
)

// progress prints a line for each step, as kind does: what is under way, then ✓ or ✗.
type progress struct {
	out      io.Writer
	terminal bool
	now      func() time.Time
}

func (c *Config) progress() *progress {
	return &progress{out: c.Out, terminal: c.Terminal, now: time.Now}
}

// step is one of them. What run returns as detail stands behind its name.
type step struct {
	name string
	run  func(context.Context) (detail string, err error)
}

// all runs the steps up to one that fails, or to the end of the context.
func (p *progress) all(ctx context.Context, steps []step) error {
	for _, s := range steps {
		if err := p.one(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

func (p *progress) one(ctx context.Context, s step) error {
	begin := p.now()
	fmt.Fprintf(p.out, " • %s …", s.name)
	end := "\n"
	if p.terminal {
		end = "\r\x1b[K" // the line is written over
	}
	detail, err := s.run(ctx)
	mark := "✓"
	if err != nil {
		mark = "✗"
	}
	if detail != "" {
		detail = ": " + detail
	}
	fmt.Fprintf(p.out, "%s %s %s%s (%s)\n", end, mark, s.name, detail, p.now().Sub(begin).Round(100*time.Millisecond))
	return err
}
