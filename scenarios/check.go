package scenarios

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/kindred-emulator/kindred/emulator"
	"github.com/kindred-emulator/kindred/emulator/apierr"
	"github.com/kindred-emulator/kindred/fixtures"
)

// CheckResult is what became of a check.
type CheckResult struct {
	Name        string              `json:"name"`
	Source      string              `json:"source"` // FILE:LINE:COLUMN
	Passed      bool                `json:"passed"`
	Expected    string              `json:"expected"`
	Got         string              `json:"got"`
	Explanation *apierr.Explanation `json:"explanation,omitempty"` // of the refusal, if there was one
	Took        time.Duration       `json:"durationNanoseconds"`
}

// RunChecks runs the checks of a fixture whose names match, against an emulator in memory: the tokens
// are signed, exchanged and used over TLS, though through no port. All are signed at the beginning; the
// clock then moves on to when each is presented. The results are in the order of the fixture. An error
// means that they could not be run.
func RunChecks(ctx context.Context, f *fixtures.Fixture, o emulator.Options, match *regexp.Regexp) ([]CheckResult, error) {
	o.Directory = f.Directory
	e, err := emulator.InMemory(o)
	if err != nil {
		return nil, err
	}
	defer func() { _ = e.Close() }() // nothing is under way
	var checkers []*checker
	for _, c := range f.Checks {
		if match.MatchString(c.Name) {
			checkers = append(checkers, &checker{e: e, check: c, id: uuid.NewString()})
		}
	}
	if err := each(checkers, (*checker).sign); err != nil {
		return nil, err
	}
	var now time.Duration
	for at, group := range byTime(checkers) {
		if err := e.Clock().Advance(at - now); err != nil {
			return nil, fmt.Errorf("%s: check %q: %w", group[0].check.Source, group[0].check.Name, err)
		}
		now = at
		if err := each(group, func(c *checker) error { return c.run(ctx) }); err != nil {
			return nil, err
		}
	}
	results := make([]CheckResult, len(checkers))
	for i, c := range checkers {
		results[i] = c.result
	}
	return results, nil
}

// byTime groups checks by when their tokens are presented, the earliest first.
func byTime(checkers []*checker) iter.Seq2[time.Duration, []*checker] {
	groups := make(map[time.Duration][]*checker)
	for _, c := range checkers {
		groups[c.check.Assertion.At] = append(groups[c.check.Assertion.At], c)
	}
	return func(yield func(time.Duration, []*checker) bool) {
		for _, at := range slices.Sorted(maps.Keys(groups)) {
			if !yield(at, groups[at]) {
				return
			}
		}
	}
}

// each does something to all, as many at a time as there are processors.
func each(checkers []*checker, do func(*checker) error) error {
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, c := range checkers {
		group.Go(func() error {
			if err := do(c); err != nil {
				return fmt.Errorf("check %q: %w", c.check.Name, err)
			}
			return nil
		})
	}
	return group.Wait()
}

// checker runs one check.
type checker struct {
	e      *emulator.Emulator
	check  fixtures.Check
	id     string // the correlation id of its requests, to find them in the journal
	token  string // the assertion
	result CheckResult
}

func (c *checker) run(ctx context.Context) error {
	begin := time.Now()
	c.result = CheckResult{Name: c.check.Name, Source: c.check.Source.String(), Expected: expected(c.check.Expect)}
	got, err := c.exchange(ctx)
	if err != nil {
		return err
	}
	c.result.Got, c.result.Passed = got.String(), got.satisfies(c.check.Expect)
	if got.codes != nil {
		c.result.Explanation = c.explanation()
	}
	c.result.Took = time.Since(begin)
	return nil
}

// expected is an expectation in words.
func expected(e fixtures.Expect) string {
	switch {
	case e.Error != "":
		return e.Error
	case e.Value != nil:
		return "the value of " + e.Vault + "/" + e.Secret // which is a secret
	default:
		return "a token with the claims " + text(e.Claims)
	}
}

// result is what an exchange led to: an error, or a token and perhaps a secret.
type result struct {
	codes  []string // of an error: AADSTS700213, or Key Vault's code and inner code
	claims map[string]any
	read   bool // a secret was read
	value  string
}

func (r result) String() string {
	switch {
	case r.codes != nil:
		return strings.Join(r.codes, " / ")
	case r.read:
		return "another value" // shown only where it is not the expected one
	default:
		return "a token"
	}
}

func (r result) satisfies(e fixtures.Expect) bool {
	switch {
	case e.Error != "":
		return slices.Contains(r.codes, e.Error)
	case r.codes != nil:
		return false
	case e.Value != nil:
		return r.value == *e.Value
	default:
		return contains(r.claims, e.Claims)
	}
}

// contains says whether every wanted claim is there with its value.
func contains(claims, want map[string]any) bool {
	for name, value := range want {
		got, ok := claims[name]
		if !ok || (!reflect.DeepEqual(got, value) && text(got) != text(value)) {
			return false
		}
	}
	return true
}

func text(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(data)
}
