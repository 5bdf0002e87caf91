// Package clock is the time that tokens and secrets live by. It follows the wall clock until a test
// moves or stops it.
package clock

import (
	"sync"
	"time"
)

// Clock is safe for concurrent use.
type Clock struct {
	wall func() time.Time

	mu     sync.RWMutex
	offset time.Duration
	frozen time.Time // zero: it runs
}

// New makes a clock that follows the wall.
func New(wall func() time.Time) *Clock { return &Clock{wall: wall} }

// Now is the clock's time.
func (c *Clock) Now() time.Time {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if !c.frozen.IsZero() {
		return c.frozen
	}
	return c.wall().Add(c.offset)
}

// Advance moves the clock by a duration, back where it is negative, stopped or not.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.frozen.IsZero() {
		c.offset += d
	} else {
		c.frozen = c.frozen.Add(d)
	}
}

// Freeze stops the clock at its present time.
func (c *Clock) Freeze() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.frozen.IsZero() {
		c.frozen = c.wall().Add(c.offset)
	}
}

// Resume lets a stopped clock run on from where it stands.
func (c *Clock) Resume() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.frozen.IsZero() {
		c.offset = c.frozen.Sub(c.wall())
		c.frozen = time.Time{}
	}
}

// Reset puts the clock back on the wall's time.
func (c *Clock) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset, c.frozen = 0, time.Time{}
}
