// Package faults makes things go wrong on purpose: which request meets which fault.
package faults

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/labstack/echo/v4"

	"github.com/kindred-emulator/kindred/emulator/apierr"
	"github.com/kindred-emulator/kindred/emulator/directory"
)

// Set is the faults of an emulator. With the same seed and the same requests in the same order it does
// the same.
type Set struct {
	seed  uint64
	first []directory.Fault // the fixture's

	some atomic.Bool // whether there is any, for requests to ask without a lock

	mu     sync.Mutex
	random *rand.Rand
	faults []directory.Fault
}

// New makes a set with the faults that the fixture declares.
func New(seed uint64, first []directory.Fault) *Set {
	s := &Set{seed: seed, first: first}
	s.Reset()
	return s
}

// Seed is what the set draws from.
func (s *Set) Seed() uint64 { return s.seed }

// Reset puts back the beginning: the fixture's faults and the seed.
func (s *Set) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.random = rand.New(rand.NewPCG(s.seed, 0)) //nolint:gosec // repeatable on purpose
	s.replace(slices.Clone(s.first))
}

// replace is for callers that hold the lock.
func (s *Set) replace(faults []directory.Fault) {
	s.faults = faults
	s.some.Store(len(faults) > 0)
}

// None says that there is no fault to meet.
func (s *Set) None() bool { return !s.some.Load() }

// Add takes a fault in, behind those that are there. The error says what is wrong with it.
func (s *Set) Add(f directory.Fault) error {
	if err := Validate(f); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.replace(append(s.faults, f))
	return nil
}

// Clear removes every fault.
func (s *Set) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.replace(nil)
}

// List is the faults that are there.
func (s *Set) List() []directory.Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.faults)
}

// Take is the fault that a request meets, the first that fits; nil: none.
func (s *Set) Take(surface, route, host string) *directory.Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		if f.Surface != surface || f.Route != "" && f.Route != route || f.Host != "" && !strings.EqualFold(f.Host, host) {
			continue
		}
		if f.Probability > 0 && s.random.Float64() >= f.Probability {
			continue
		}
		switch f.Times {
		case 0:
		case 1:
			s.replace(slices.Delete(s.faults, i, i+1))
		default:
			s.faults[i].Times--
		}
		return &f
	}
	return nil
}

// Validate says what is wrong with a fault.
func Validate(f directory.Fault) error {
	if err := f.Validate(); err != nil || f.Error == "" {
		return err
	}
	_, err := row(f)
	return err
}

func row(f directory.Fault) (*apierr.Row, error) {
	for _, r := range append(apierr.All(), apierr.Internal) {
		ofEntra := r.Number != 0
		if r.ID() == f.Error && (ofEntra == (f.Surface == directory.SurfaceEntra) || r == apierr.Internal) {
			return r, nil
		}
	}
	return nil, fmt.Errorf("error %q is none that %s answers with", f.Error, f.Surface)
}

// Error is what the fault answers with; nil where it does not.
func Error(f *directory.Fault) *apierr.Error {
	if f.Error == "" {
		return nil
	}
	r, err := row(*f)
	if err != nil {
		return apierr.Internal.With() // Validate has looked
	}
	answer := r.Unspecific()
	if f.Status != 0 {
		changed := *r
		changed.Status = f.Status
		answer.Row = &changed
	}
	answer.RetryAfter = f.RetryAfter
	return answer.Because(Explain(f))
}

// Explain is the explanation of a request that met a fault.
func Explain(f *directory.Fault) *apierr.Explanation {
	return &apierr.Explanation{
		Cause:   "fault-injected",
		Summary: "A fault that was asked for: nothing is wrong with the request.",
		Source:  f.Source.String(),
		Fix:     &apierr.Fix{Text: "Try again, as a client should; or remove the fault (DELETE /v1/faults, or the fixture's faults)."},
	}
}

const contextKey = "kindred.fault"

// Put leaves a request's fault for its handler.
func Put(c echo.Context, f *directory.Fault) { c.Set(contextKey, f) }

// Of is the fault of a request; one without effect where there is none.
func Of(c echo.Context) *directory.Fault {
	if f, ok := c.Get(contextKey).(*directory.Fault); ok {
		return f
	}
	return &directory.Fault{}
}
