package clock_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/kindred-emulator/kindred/emulator/clock"
)

func TestClock(t *testing.T) {
	wall := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	begin := wall
	c := clock.New(func() time.Time { return wall })
	assert.Equal(t, begin, c.Now(), "it begins at the wall's time")

	c.Advance(25 * time.Hour)
	wall = wall.Add(time.Minute)
	assert.Equal(t, begin.Add(25*time.Hour+time.Minute), c.Now(), "it runs on after a move")

	c.Freeze()
	stopped := c.Now()
	wall = wall.Add(time.Hour)
	c.Freeze()
	assert.Equal(t, stopped, c.Now(), "it stands still")
	c.Advance(-time.Hour)
	assert.Equal(t, stopped.Add(-time.Hour), c.Now(), "a stopped clock can be moved")

	c.Resume()
	c.Resume()
	assert.Equal(t, stopped.Add(-time.Hour), c.Now(), "it goes on from where it stood")
	wall = wall.Add(time.Second)
	assert.Equal(t, stopped.Add(-time.Hour+time.Second), c.Now())

	c.Reset()
	assert.Equal(t, wall, c.Now(), "it is back on the wall's time")
}
