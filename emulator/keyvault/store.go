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

// secret is a name with its versions, at least one. It never changes once a store has it.
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

// gone says whether the retention has passed.
func (d *deletion) gone(now int64) bool { return d.purge <= now }

// contents are secrets and deleted ones, by lower-case name.
type contents struct {
	live    btree.Map[string, *secret]
	bin     btree.Map[string, *deletion]
	purgeAt int64 // the earliest purge in the bin
}

func newContents() *contents { return &contents{purgeAt: math.MaxInt64} }

// place has a name stand for a secret, a deletion, or neither.
func (c *contents) place(key string, x *secret, d *deletion) {
	c.live.Delete(key)
	c.bin.Delete(key)
	switch {
	case x != nil:
		c.live.Set(key, x)
	case d != nil:
		c.bin.Set(key, d)
		c.purgeAt = min(c.purgeAt, d.purge)
	}
}

// store is what one vault holds. Names are told apart without regard to case and keep the case of
// the first write. A deleted secret whose retention has passed is gone, by the time that the call
// brings: there is no timer. Readers do not wait for the disk that a writer waits for.
type store struct {
	writing sync.Mutex   // held by a writer, who may then read without mu
	mu      sync.RWMutex // guards contents; a writer holds it for the change alone
	*contents
	// keep writes down what is behind a name from now on, before anybody sees it: a secret, a deletion, or
	// neither. nil: nothing is written.
	keep func(key string, x *secret, d *deletion) error
}

// put is place, written down before. Where that fails nothing changes.
func (s *store) put(key string, x *secret, d *deletion) error {
	if s.keep != nil {
		if err := s.keep(key, x, d); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.place(key, x, d)
	return nil
}

// replace has the store hold something else, all at once.
func (s *store) replace(c *contents) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.contents = c
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
	s.writing.Lock()
	defer s.writing.Unlock()
	s.sweep(now)
	if _, ok := s.bin.Get(key); ok {
		return nil, errDeleted
	}
	x, ok := s.live.Get(key)
	if !ok {
		return v, s.put(key, &secret{versions: []*version{v}, latest: v}, nil)
	}
	v.name = x.latest.name
	return v, s.put(key, &secret{versions: x.with(v), latest: v}, nil)
}

// with is the versions and another one, which takes the place of one of the same id.
func (x *secret) with(v *version) []*version {
	i, ok := x.search(v.id)
	if !ok {
		return slices.Insert(slices.Clone(x.versions), i, v)
	}
	all := slices.Clone(x.versions)
	all[i] = v
	return all
}

// update puts what change makes of a version in its place; an empty id stands for the latest. An
// error of change is returned as it is, and nothing happens.
func (s *store) update(name, id string, change func(version) (*version, error)) (*version, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	key := strings.ToLower(name)
	x, ok := s.live.Get(key)
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
	y := &secret{versions: x.with(v), latest: x.latest}
	if x.latest == old {
		y.latest = v
	}
	return v, s.put(key, y, nil)
}

// remove moves a secret to the bin, until a time.
func (s *store) remove(name string, now, purge int64) (*deletion, error) {
	key := strings.ToLower(name)
	s.writing.Lock()
	defer s.writing.Unlock()
	s.sweep(now)
	x, ok := s.live.Get(key)
	if !ok {
		return nil, errNotFound
	}
	d := &deletion{secret: x, date: now, purge: purge}
	return d, s.put(key, nil, d)
}

// deleted finds a secret in the bin.
func (s *store) deleted(name string, now int64) (*deletion, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	d, ok := s.bin.Get(strings.ToLower(name))
	if !ok || d.gone(now) {
		return nil, errNotInBin
	}
	return d, nil
}

// recover moves a secret out of the bin, as it was.
func (s *store) recover(name string, now int64) (*version, error) {
	key := strings.ToLower(name)
	s.writing.Lock()
	defer s.writing.Unlock()
	s.sweep(now)
	d, ok := s.bin.Get(key)
	if !ok {
		return nil, errNotInBin
	}
	return d.latest, s.put(key, d.secret, nil)
}

// purge removes a secret from the bin for good.
func (s *store) purge(name string, now int64) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.sweep(now)
	key := strings.ToLower(name)
	if _, ok := s.bin.Get(key); !ok {
		return errNotInBin
	}
	return s.put(key, nil, nil)
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
	s.writing.Lock()
	defer s.writing.Unlock()
	s.sweep(now)
	_, live := s.live.Get(key)
	if _, deleted := s.bin.Get(key); live || deleted {
		return errNameTaken
	}
	return s.put(key, &secret{versions: versions, latest: latest}, nil)
}

// page lists the latest versions of up to limit secrets whose names follow a name, and says whether
// there are more. It costs the same however many there are.
func (s *store) page(after string, limit int) (items []*version, more bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	page, more := ascend(&s.live, after, limit, func(*secret) bool { return true })
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
	s.mu.RLock()
	defer s.mu.RUnlock()
	return ascend(&s.bin, after, limit, func(d *deletion) bool { return !d.gone(now) })
}

func ascend[V any](m *btree.Map[string, V], after string, limit int, listed func(V) bool) (items []V, more bool) {
	after = strings.ToLower(after)
	m.Ascend(after, func(key string, v V) bool {
		if key == after || !listed(v) {
			return true
		}
		if more = len(items) == limit; !more {
			items = append(items, v)
		}
		return !more
	})
	return items, more
}

// sweep empties the bin of what is past its retention, before a write. It looks only when something is.
func (s *store) sweep(now int64) {
	if now < s.purgeAt {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var gone []string
	s.purgeAt = math.MaxInt64
	s.bin.Scan(func(key string, d *deletion) bool {
		if d.gone(now) {
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
