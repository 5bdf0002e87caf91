package keyvault

import (
	"errors"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/tidwall/btree"
)

// What a store refuses.
var (
	errNotFound  = errors.New("no such secret or version")
	errDeleted   = errors.New("the secret is deleted but recoverable")
	errNotInBin  = errors.New("no such deleted secret")
	errNameTaken = errors.New("the name is in use, or deleted but recoverable")
)

// version is one version of a secret. It never changes once a store has it: an update puts another
// in its place, so what a reader was given stays whole without a lock.
type version struct {
	name        string // as it was first written
	id          string // 32 lower-case hexadecimal digits
	value       string
	contentType string
	tags        map[string]string
	enabled     bool
	notBefore   *int64 // times are Unix seconds; nil: none
	expires     *int64
	created     int64
	updated     int64
}

// secret is a name with its versions, at least one.
type secret struct {
	versions []*version // in the order of their ids
	latest   *version
}

// deletion is a deleted secret in its retention period.
type deletion struct {
	*secret
	date  int64 // Unix seconds
	purge int64 // when it is gone for good
}

// store is what one vault holds. Names are told apart without regard to case and keep the case of
// the first write. A deleted secret whose retention has passed is gone, by the time that the call
// brings: there is no timer.
type store struct {
	mu      sync.RWMutex
	live    btree.Map[string, *secret] // by lower-case name
	bin     btree.Map[string, *deletion]
	purgeAt int64 // the earliest purge in the bin
}

// fill replaces everything by secrets of one version each.
func (s *store) fill(versions []*version) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.live.Clear()
	s.bin.Clear()
	s.purgeAt = math.MaxInt64
	for _, v := range versions {
		s.live.Set(strings.ToLower(v.name), &secret{versions: []*version{v}, latest: v})
	}
}

// get finds a version; an empty id stands for the latest.
func (s *store) get(name, id string) (*version, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	found, ok := s.live.Get(strings.ToLower(name))
	if !ok {
		return nil, errNotFound
	}
	return found.find(id)
}

func (x *secret) find(id string) (*version, error) {
	if id == "" {
		return x.latest, nil
	}
	i, ok := x.search(id)
	if !ok {
		return nil, errNotFound
	}
	return x.versions[i], nil
}

func (x *secret) search(id string) (int, bool) {
	return slices.BinarySearchFunc(x.versions, id, func(v *version, id string) int { return strings.Compare(v.id, id) })
}

// set adds a version, the latest from now on. A version of the same id is replaced.
func (s *store) set(v *version, now int64) (*version, error) {
	key := strings.ToLower(v.name)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep(now)
	if _, ok := s.bin.Get(key); ok {
		return nil, errDeleted
	}
	x, ok := s.live.Get(key)
	if !ok {
		s.live.Set(key, &secret{versions: []*version{v}, latest: v})
		return v, nil
	}
	v.name = x.latest.name
	if i, ok := x.search(v.id); ok {
		x.versions[i] = v
	} else {
		x.versions = slices.Insert(x.versions, i, v)
	}
	x.latest = v
	return v, nil
}

// update puts what change makes of a version in its place; an empty id stands for the latest. An
// error of change is returned as it is, and nothing happens.
func (s *store) update(name, id string, change func(version) (*version, error)) (*version, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x, ok := s.live.Get(strings.ToLower(name))
	if !ok {
		return nil, errNotFound
	}
	old, err := x.find(id)
	if err != nil {
		return nil, err
	}
	v, err := change(*old)
	if err != nil {
		return nil, err
	}
	if i, ok := x.search(old.id); ok {
		x.versions[i] = v
	}
	if x.latest == old {
		x.latest = v
	}
	return v, nil
}

// remove moves a secret to the bin, until a time.
func (s *store) remove(name string, now, purge int64) (*deletion, error) {
	key := strings.ToLower(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep(now)
	x, ok := s.live.Delete(key)
	if !ok {
		return nil, errNotFound
	}
	d := &deletion{secret: x, date: now, purge: purge}
	s.bin.Set(key, d)
	s.purgeAt = min(s.purgeAt, purge)
	return d, nil
}

// deleted finds a secret in the bin.
func (s *store) deleted(name string, now int64) (*deletion, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep(now)
	d, ok := s.bin.Get(strings.ToLower(name))
	if !ok {
		return nil, errNotInBin
	}
	return d, nil
}

// recover moves a secret out of the bin, as it was.
func (s *store) recover(name string, now int64) (*version, error) {
	key := strings.ToLower(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep(now)
	d, ok := s.bin.Delete(key)
	if !ok {
		return nil, errNotInBin
	}
	s.live.Set(key, d.secret)
	return d.latest, nil
}

// purge removes a secret from the bin for good.
func (s *store) purge(name string, now int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep(now)
	if _, ok := s.bin.Delete(strings.ToLower(name)); !ok {
		return errNotInBin
	}
	return nil
}

// versions is a copy of all versions of a secret in the order of their ids, and the latest.
func (s *store) versions(name string) (all []*version, latest *version, err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	x, ok := s.live.Get(strings.ToLower(name))
	if !ok {
		return nil, nil, errNotFound
	}
	return slices.Clone(x.versions), x.latest, nil
}

// restore adds a secret under a name that is free. The versions are in the order of their ids.
func (s *store) restore(versions []*version, latest *version, now int64) error {
	key := strings.ToLower(latest.name)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep(now)
	_, live := s.live.Get(key)
	if _, deleted := s.bin.Get(key); live || deleted {
		return errNameTaken
	}
	s.live.Set(key, &secret{versions: versions, latest: latest})
	return nil
}

// page lists the latest versions of up to limit secrets whose names follow a name, and says whether
// there are more. It costs the same however many there are.
func (s *store) page(after string, limit int) (items []*version, more bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	page, more := ascend(&s.live, after, limit)
	for _, x := range page {
		items = append(items, x.latest)
	}
	return items, more
}

// versionPage lists up to limit versions of a secret whose ids follow an id, and says whether there
// are more. A secret that is not there has none.
func (s *store) versionPage(name, after string, limit int) (items []*version, more bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	x, ok := s.live.Get(strings.ToLower(name))
	if !ok {
		return nil, false
	}
	from, ok := x.search(after)
	if ok {
		from++
	}
	to := min(from+limit, len(x.versions))
	return slices.Clone(x.versions[from:to]), to < len(x.versions)
}

// deletedPage is page for the bin.
func (s *store) deletedPage(after string, limit int, now int64) (items []*deletion, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep(now)
	return ascend(&s.bin, after, limit)
}

func ascend[V any](m *btree.Map[string, V], after string, limit int) (items []V, more bool) {
	after = strings.ToLower(after)
	m.Ascend(after, func(key string, v V) bool {
		if key == after {
			return true
		}
		if more = len(items) == limit; !more {
			items = append(items, v)
		}
		return !more
	})
	return items, more
}

// sweep empties the bin of what is past its retention. It looks only when something is.
func (s *store) sweep(now int64) {
	if now < s.purgeAt {
		return
	}
	var gone []string
	s.purgeAt = math.MaxInt64
	s.bin.Scan(func(key string, d *deletion) bool {
		if d.purge <= now {
			gone = append(gone, key)
		} else {
			s.purgeAt = min(s.purgeAt, d.purge)
		}
		return true
	})
	for _, key := range gone {
		s.bin.Delete(key)
	}
}
