package scenarios

import "context"

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
