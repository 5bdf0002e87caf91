package federation

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// source is what a cache fetches from.
type source struct {
	ids   []string
	err   error
	count int
}

func (s *source) cache(t *testing.T) (*cache, *clock) {
	t.Helper()
	c := newClock()
	return newCache(func(context.Context, string) (*keySet, error) {
		s.count++
		if s.err != nil {
			return nil, s.err
		}
		return keysNamed(t, c, s.ids...), nil
	}, c.now), c
}

func keysNamed(t *testing.T, c *clock, ids ...string) *keySet {
	t.Helper()
	set, err := parseKeySet([]byte(`{"keys":[]}`))
	require.NoError(t, err)
	set.fetched = c.now()
	for _, id := range ids {
		set.add(jwk{KeyID: id}, &rsa.PublicKey{})
	}
	return set
}

func TestCacheKeepsKeysForAnHour(t *testing.T) {
	t.Parallel()
	s := &source{ids: []string{"k"}}
	c, clock := s.cache(t)
	for _, step := range []struct {
		move  time.Duration
		count int
	}{{0, 1}, {keysLive - 1, 1}, {1, 2}, {keysLive - 1, 2}, {1, 3}} {
		clock.move(step.move)
		set, err := c.get(t.Context(), "i", "k")
		require.NoError(t, err)
		assert.Contains(t, set.keys, "k")
		assert.Equal(t, step.count, s.count)
	}
	clock.move(-2 * time.Hour)
	_, err := c.get(t.Context(), "i", "k")
	require.NoError(t, err)
	assert.Equal(t, 4, s.count, "keys from the future, after the clock was set back")
}

func TestCacheFetchesAnewForAnUnknownKey(t *testing.T) {
	t.Parallel()
	s := &source{ids: []string{"old"}}
	c, clock := s.cache(t)
	get := func(key string) bool {
		set, err := c.get(t.Context(), "i", key)
		require.NoError(t, err)
		return set.keys[key] != nil
	}
	assert.True(t, get("old"))
	s.ids = []string{"new", "old"}
	assert.True(t, get("new"), "the key was just rotated")
	assert.Equal(t, 2, s.count)

	s.ids = []string{"newer", "new", "old"}
	clock.move(refetchPause - 1)
	assert.False(t, get("newer"), "too soon to ask again")
	assert.Equal(t, 2, s.count)
	clock.move(1)
	assert.True(t, get("newer"))
	assert.Equal(t, 3, s.count)

	clock.move(refetchPause)
	for i := range 100 {
		assert.False(t, get(fmt.Sprint("foreign ", i)))
	}
	assert.Equal(t, 4, s.count, "one fetch for all of them")
	assert.True(t, get("old"))
	assert.Equal(t, 4, s.count)
}

func TestCacheRemembersFailuresForASecond(t *testing.T) {
	t.Parallel()
	s := &source{err: errors.New("down")}
	c, clock := s.cache(t)
	for _, step := range []struct {
		move  time.Duration
		count int
	}{{0, 1}, {failureRemains - 1, 1}, {1, 2}} {
		clock.move(step.move)
		set, err := c.get(t.Context(), "i", "k")
		require.ErrorIs(t, err, s.err)
		assert.Nil(t, set)
		assert.Equal(t, step.count, s.count)
	}
	s.err, s.ids = nil, []string{"k"}
	clock.move(failureRemains)
	_, err := c.get(t.Context(), "i", "k")
	require.NoError(t, err)
}

func TestCacheKeepsItsKeysWhenAFetchFails(t *testing.T) {
	t.Parallel()
	s := &source{ids: []string{"k"}}
	c, clock := s.cache(t)
	_, err := c.get(t.Context(), "i", "k")
	require.NoError(t, err)

	s.err = errors.New("down")
	clock.move(refetchPause)
	set, err := c.get(t.Context(), "i", "new")
	require.ErrorIs(t, err, s.err)
	assert.Contains(t, set.keys, "k")
	assert.Equal(t, 2, s.count)

	set, _ = c.get(t.Context(), "i", "k")
	assert.Contains(t, set.keys, "k", "a stranger's unknown key takes the known ones from no one")
	assert.Equal(t, 2, s.count)

	clock.move(keysLive - refetchPause)
	set, err = c.get(t.Context(), "i", "k")
	require.ErrorIs(t, err, s.err)
	assert.Nil(t, set, "but they do not live longer")
}

func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	s := &source{ids: []string{"k"}}
	c, _ := s.cache(t)
	for i := range maxIssuers + 1 {
		_, err := c.get(t.Context(), fmt.Sprint(i), "k")
		require.NoError(t, err)
	}
	assert.Equal(t, maxIssuers, c.entries.Len())
	_, err := c.get(t.Context(), "0", "k")
	require.NoError(t, err)
	assert.Equal(t, maxIssuers+2, s.count, "the oldest was dropped")
}

func TestCacheSharesAFetch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		clock, release, count := newClock(), make(chan struct{}), 0
		c := newCache(func(context.Context, string) (*keySet, error) {
			count++
			<-release
			return keysNamed(t, clock, "k"), nil
		}, clock.now)
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				set, err := c.get(t.Context(), "i", "k")
				assert.NoError(t, err)
				assert.Contains(t, set.keys, "k")
			})
		}
		synctest.Wait() // all 50 wait for the one fetch
		close(release)
		all.Wait()
		assert.Equal(t, 1, count)
	})
}

func TestCacheFetchOutlivesItsFirstCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		clock, release := newClock(), make(chan struct{})
		c := newCache(func(ctx context.Context, _ string) (*keySet, error) {
			select {
			case <-release:
				return keysNamed(t, clock, "k"), nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}, clock.now)
		first, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			_, err := c.get(first, "https://i.example", "k")
			assert.ErrorIs(t, err, context.Canceled)
			assert.EqualError(t, err, "https://i.example/.well-known/openid-configuration: the request was given up: context canceled")
		})
		synctest.Wait()
		all.Go(func() {
			set, err := c.get(t.Context(), "https://i.example", "k")
			assert.NoError(t, err)
			assert.Contains(t, set.keys, "k")
		})
		synctest.Wait()
		cancel()
		synctest.Wait() // the first caller is gone, the second still waits
		close(release)
		all.Wait()
	})
}
