package federation

import (
	"context"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"
)

const (
	maxIssuers     = 256
	keysLive       = time.Hour
	refetchPause   = 5 * time.Second // at least, between fetches for an unknown key
	failureRemains = time.Second
)

// cache keeps the keys of issuers, the least used ones dropped first.
//
//	fresh and the key known ─▶ answer
//	otherwise, unless tried a moment ago ─▶ one fetch, shared by all who wait
type cache struct {
	fetch   func(ctx context.Context, issuer string) (*keySet, error)
	now     func() time.Time
	entries *lru.Cache[string, entry]
	flights singleflight.Group
}

// entry is the outcome of the last fetch. Keys of an earlier one outlive a failure for their time.
type entry struct {
	set   *keySet
	tried time.Time
	again time.Time // when it was last fetched for a key that the live set lacks; zero: never
	err   error
}

func newCache(fetch func(context.Context, string) (*keySet, error), now func() time.Time) *cache {
	entries, _ := lru.New[string, entry](maxIssuers) // fails only for a size below one
	return &cache{fetch: fetch, now: now, entries: entries}
}

// get is the keys of an issuer, fetched again where the wanted one is not among them. The error is
// that of the last fetch; there may be keys beside it, from an earlier fetch.
func (c *cache) get(ctx context.Context, issuer, key string) (*keySet, error) {
	if e, ok := c.entries.Get(issuer); ok && c.serves(e, key) {
		return e.set, e.err
	}
	// The fetch belongs to everyone who waits for it: it goes on when the first of them gives up.
	flight := c.flights.DoChan(issuer, func() (any, error) {
		e, ok := c.entries.Get(issuer)
		if !ok || !c.serves(e, key) {
			e = c.refresh(context.WithoutCancel(ctx), issuer, e)
		}
		return e, nil
	})
	select {
	case <-ctx.Done():
		return nil, &fetchError{url: discoveryURL(issuer), cause: ctx.Err()}
	case outcome := <-flight:
		e, _ := outcome.Val.(entry)
		return e.set, e.err
	}
}

// serves says whether an entry answers for a key without another fetch.
func (c *cache) serves(e entry, key string) bool {
	now := c.now()
	live := e.set != nil && within(now, e.set.fetched, keysLive)
	if live && e.set.keys[key] != nil {
		return true
	}
	if e.err != nil {
		return within(now, e.tried, failureRemains)
	}
	return live && within(now, e.again, refetchPause)
}

// within also turns false when the clock was set back.
func within(now, since time.Time, d time.Duration) bool {
	age := now.Sub(since)
	return age >= 0 && age < d
}

func (c *cache) refresh(ctx context.Context, issuer string, old entry) entry {
	set, err := c.fetch(ctx, issuer)
	now := c.now()
	e := entry{set: set, tried: now, err: err}
	if old.set != nil && within(now, old.set.fetched, keysLive) {
		e.again = now
		if err != nil {
			e.set = old.set
		}
	}
	c.entries.Add(issuer, e)
	return e
}
