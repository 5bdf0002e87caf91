package clock_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/clock"
)

func TestClock(t *testing.T) {
	wall := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	begin := wall
	c := clock.New(func() time.Time { return wall })
	assert.Equal(t, begin, c.Now(), "it begins at the wall's time")

	require.NoError(t, c.Advance(25*time.Hour))
	wall = wall.Add(time.Minute)
	assert.Equal(t, begin.Add(25*time.Hour+time.Minute), c.Now(), "it runs on after a move")

	c.Freeze()
	stopped := c.Now()
	wall = wall.Add(time.Hour)
	c.Freeze()
	assert.Equal(t, stopped, c.Now(), "it stands still")
	require.NoError(t, c.Advance(-time.Hour))
	assert.Equal(t, stopped.Add(-time.Hour), c.Now(), "a stopped clock can be moved")

	c.Resume()
	c.Resume()
	assert.Equal(t, stopped.Add(-time.Hour), c.Now(), "it goes on from where it stood")
	wall = wall.Add(time.Second)
	assert.Equal(t, stopped.Add(-time.Hour+time.Second), c.Now())

	c.Reset()
	assert.Equal(t, wall, c.Now(), "it is back on the wall's time")
}

func TestTooFar(t *testing.T) {
	wall := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	c := clock.New(func() time.Time { return wall })
	for _, d := range []time.Duration{math.MaxInt64, math.MinInt64, clock.Furthest + 1, -clock.Furthest - 1} {
		err := c.Change(clock.Change{Reset: true, Freeze: true, Advance: d})
		require.ErrorContains(t, err, "more than 100 years", d)
		assert.Equal(t, wall, c.Now(), "it stays as it is")
	}
	require.NoError(t, c.Advance(clock.Furthest))
	require.Error(t, c.Advance(1), "neither in steps")
	assert.Equal(t, wall.Add(clock.Furthest), c.Now())
	wall = wall.Add(time.Second)
	assert.Equal(t, wall.Add(clock.Furthest), c.Now(), "it runs: what was refused has not stopped it")
}
