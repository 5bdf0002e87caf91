// Package clock is the time that tokens and secrets live by. It follows the wall clock until a test
// moves or stops it.
package clock

import (
	"fmt"
	"sync"
	"time"
)

// Furthest is how far the clock can be from the wall's time, either way: as far as certificates, tokens
// and JSON can tell of.
const Furthest = 100 * 365 * 24 * time.Hour

// Clock is safe for concurrent use.
type Clock struct {
	wall func() time.Time

	mu    sync.RWMutex
	state state
}

type state struct {
	offset time.Duration
	frozen time.Time // zero: it runs
}

// New makes a clock that follows the wall.
func New(wall func() time.Time) *Clock { return &Clock{wall: wall} }

// Now is the clock's time.
func (c *Clock) Now() time.Time {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.state.at(c.wall)
}

func (s state) at(wall func() time.Time) time.Time {
	if !s.frozen.IsZero() {
		return s.frozen
	}
	return wall().Add(s.offset)
}

// Change is what is done to a clock, in this order.
type Change struct {
	Reset   bool          // put it back on the wall's time, running
	Freeze  bool          // stop it at its present time
	Advance time.Duration // move it, back where it is negative, stopped or not
	Resume  bool          // let it run on from where it stands
}

// Change changes the clock: all at once, or nothing and an error where it would be too far from the
// wall's time.
func (c *Clock) Change(q Change) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.state
	if q.Reset {
		s = state{}
	}
	wall := c.wall()
	now := s.at(func() time.Time { return wall })
	then := now.Add(q.Advance)
	if d := then.Sub(wall); max(q.Advance, d) > Furthest || min(q.Advance, d) < -Furthest {
		return fmt.Errorf("the clock would be more than 100 years from this machine's: it is at %s, and %v was asked for", now.Format(time.RFC3339), q.Advance)
	}
	running := s.frozen.IsZero() && !q.Freeze || q.Resume
	if running {
		s = state{offset: then.Sub(wall)}
	} else {
		s.frozen = then
	}
	c.state = s
	return nil
}

// Advance moves the clock by a duration, back where it is negative, stopped or not.
func (c *Clock) Advance(d time.Duration) error { return c.Change(Change{Advance: d}) }

// Freeze stops the clock at its present time.
func (c *Clock) Freeze() { _ = c.Change(Change{Freeze: true}) } // it does not move

// Resume lets a stopped clock run on from where it stands.
func (c *Clock) Resume() { _ = c.Change(Change{Resume: true}) }

// Reset puts the clock back on the wall's time.
func (c *Clock) Reset() { _ = c.Change(Change{Reset: true}) }
