package scenarios

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/kindred-emulator/kindred/kindsetup"
)

// Target is where workloads run.
type Target interface {
	Name() string
	// Up starts a kindred with a fixture file; an empty one is the default.
	Up(ctx context.Context, fixture string) error
	// Run runs one scenario. The error says how the outcome differs from the expected one.
	Run(ctx context.Context, s Scenario) error
	// Down removes all that Up made.
	Down() error
}

// Of the programs that run workloads on targets.
const (
	TargetsUsage = "embedded, kind, or both with a comma (default: both, kind only where there is a container engine)"
	WorkFolder   = ".cache/kind"
	WorkUsage    = "a folder for the clusters' keys, by which the next run finds what an interrupted one left"
)

// Choose gives the targets that a list names, which must then be usable. Without one it gives all, but
// for those that need a container engine where there is none: out is told.
func Choose(ctx context.Context, list string, out io.Writer, embedded *Embedded, kind *Kind) ([]Target, error) {
	all := []Target{embedded, kind}
	if list == "" {
		if err := kindsetup.Usable(ctx, os.Getenv); err != nil {
			fmt.Fprintf(out, "– not run: kind: %v\n", err)
			return []Target{embedded}, nil
		}
		return all, nil
	}
	var targets []Target
	for _, name := range strings.Split(list, ",") {
		i := slices.IndexFunc(all, func(t Target) bool { return t.Name() == name })
		if i < 0 {
			return nil, fmt.Errorf("--targets %s: there are embedded and kind", list)
		}
		targets = append(targets, all[i])
	}
	return targets, nil
}
