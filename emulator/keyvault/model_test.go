package keyvault

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// modelSecret is what a simple model knows of a name.
type modelSecret struct {
	name     string            // as it was first written
	versions map[string]string // value by id
	latest   string            // id
	purge    int64             // zero: it is not deleted
}

// model is a vault as a map, and a store that must behave the same.
type model struct {
	store   store
	secrets map[string]*modelSecret
	now     int64
	ids     int
	backups []*modelSecret
	names   []string
}

const modelRetention = 10 // seconds

// TestTheStoreIsAsItsModel does random sequences of everything that can be done to a vault, and
// compares after each step. -rapid.checks=10000 does so many sequences; a failure is shrunk.
func TestTheStoreIsAsItsModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := &model{secrets: make(map[string]*modelSecret), names: []string{"a", "B", "cc"}}
		m.store.contents = newContents()
		t.Repeat(map[string]func(*rapid.T){
			"set": m.set, "update": m.update, "delete": m.remove, "recover": m.recover, "purge": m.purge,
			"back up": m.backUp, "restore": m.restore, "wait": m.wait, "": m.compare,
		})
	})
}

func (m *model) name(t *rapid.T) string {
	name := rapid.SampledFrom(m.names).Draw(t, "name")
	if rapid.Bool().Draw(t, "in the other case") {
		name = strings.ToUpper(name)
	}
	return name
}

// live and deleted are the model's secret of a name, if it is so.
func (m *model) live(name string) *modelSecret {
	if s := m.secrets[strings.ToLower(name)]; s != nil && s.purge == 0 {
		return s
	}
	return nil
}

func (m *model) deleted(name string) *modelSecret {
	if s := m.secrets[strings.ToLower(name)]; s != nil && s.purge > m.now {
		return s
	}
	return nil
}

func want(t *rapid.T, got, want error) {
	if !errors.Is(got, want) {
		t.Fatalf("the error is %v, and should be %v", got, want)
	}
}

func (m *model) set(t *rapid.T) {
	name := m.name(t)
	m.ids++
	id := fmt.Sprintf("%04x", rapid.IntRange(0, 1<<12).Draw(t, "id")<<4|m.ids&15)
	_, err := m.store.set(&version{name: name, id: id, value: "v" + id}, m.now)
	if m.deleted(name) != nil {
		want(t, err, errDeleted)
		return
	}
	want(t, err, nil)
	s := m.live(name)
	if s == nil {
		s = &modelSecret{name: name, versions: make(map[string]string)}
		m.secrets[strings.ToLower(name)] = s
	}
	s.versions[id], s.latest = "v"+id, id
}

func (m *model) update(t *rapid.T) {
	name, s := m.name(t), (*modelSecret)(nil)
	id := ""
	if s = m.live(name); s != nil && rapid.Bool().Draw(t, "a version") {
		id = rapid.SampledFrom(sorted(s.versions)).Draw(t, "id")
	}
	_, err := m.store.update(name, id, func(v version) (*version, error) { v.value += "'"; return &v, nil })
	if s == nil {
		want(t, err, errNotFound)
		return
	}
	want(t, err, nil)
	if id == "" {
		id = s.latest
	}
	s.versions[id] += "'"
}

func sorted(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

func (m *model) remove(t *rapid.T) {
	name := m.name(t)
	s := m.live(name)
	_, err := m.store.remove(name, m.now, m.now+modelRetention)
	if s == nil {
		want(t, err, errNotFound)
		return
	}
	want(t, err, nil)
	s.purge = m.now + modelRetention
}

func (m *model) recover(t *rapid.T) {
	name := m.name(t)
	s := m.deleted(name)
	_, err := m.store.recover(name, m.now)
	if s == nil {
		want(t, err, errNotInBin)
		return
	}
	want(t, err, nil)
	s.purge = 0
}

func (m *model) purge(t *rapid.T) {
	name := m.name(t)
	s := m.deleted(name)
	err := m.store.purge(name, m.now)
	if s == nil {
		want(t, err, errNotInBin)
		return
	}
	want(t, err, nil)
	delete(m.secrets, strings.ToLower(name))
}

func (m *model) backUp(t *rapid.T) {
	name := m.name(t)
	all, latest, err := m.store.versions(name)
	s := m.live(name)
	if s == nil {
		want(t, err, errNotFound)
		return
	}
	want(t, err, nil)
	kept := &modelSecret{name: latest.name, versions: make(map[string]string), latest: latest.id}
	for _, v := range all {
		kept.versions[v.id] = v.value
	}
	m.backups = append(m.backups, kept)
}

func (m *model) restore(t *rapid.T) {
	if len(m.backups) == 0 {
		return
	}
	backup := rapid.SampledFrom(m.backups).Draw(t, "backup")
	s := &modelSecret{name: backup.name, versions: maps.Clone(backup.versions), latest: backup.latest}
	var versions []*version
	var latest *version
	for _, id := range sorted(s.versions) {
		v := &version{name: s.name, id: id, value: s.versions[id]}
		versions = append(versions, v)
		if id == s.latest {
			latest = v
		}
	}
	err := m.store.restore(versions, latest, m.now)
	if m.live(s.name) != nil || m.deleted(s.name) != nil {
		want(t, err, errNameTaken)
		return
	}
	want(t, err, nil)
	m.secrets[strings.ToLower(s.name)] = s
}

func (m *model) wait(t *rapid.T) {
	m.now += rapid.Int64Range(1, modelRetention).Draw(t, "seconds")
	for key, s := range m.secrets {
		if s.purge != 0 && s.purge <= m.now {
			delete(m.secrets, key)
		}
	}
}

// compare looks at everything that a client can see.
func (m *model) compare(t *rapid.T) {
	var live, bin []string
	for _, name := range m.names {
		key := strings.ToLower(name)
		s := m.live(name)
		v, err := m.store.get(name, "")
		d, errDeleted := m.store.deleted(name, m.now)
		if m.deleted(name) != nil {
			bin = append(bin, key)
			want(t, errDeleted, nil)
			if d.purge != m.secrets[key].purge {
				t.Fatalf("%s is purged at %d instead of %d", name, d.purge, m.secrets[key].purge)
			}
		} else {
			want(t, errDeleted, errNotInBin)
		}
		if s == nil {
			want(t, err, errNotFound)
			continue
		}
		live = append(live, key)
		want(t, err, nil)
		if v.name != s.name || v.id != s.latest || v.value != s.versions[s.latest] {
			t.Fatalf("the latest of %s is %s %q instead of %s %s %q", v.name, v.id, v.value, s.name, s.latest, s.versions[s.latest])
		}
		m.compareVersions(t, name, s)
	}
	m.comparePages(t, live, bin)
}

func (m *model) compareVersions(t *rapid.T, name string, s *modelSecret) {
	var ids []string
	for after, more := "", true; more; {
		var page []*version
		page, more = m.store.versionPage(name, after, 2)
		for _, v := range page {
			ids = append(ids, v.id)
			if v.name != s.name || v.value != s.versions[v.id] {
				t.Fatalf("version %s of %s is %q instead of %q of %s", v.id, v.name, v.value, s.versions[v.id], s.name)
			}
			after = v.id
		}
	}
	if !slices.Equal(ids, sorted(s.versions)) {
		t.Fatalf("%s has the versions %v instead of %v", name, ids, sorted(s.versions))
	}
}

// comparePages lists two at a time.
func (m *model) comparePages(t *rapid.T, live, bin []string) {
	slices.Sort(live)
	slices.Sort(bin)
	var gotLive, gotBin []string
	for after, more := "", true; more; {
		var page []*version
		page, more = m.store.page(after, 2)
		for _, v := range page {
			after = strings.ToLower(v.name)
			gotLive = append(gotLive, after)
		}
	}
	for after, more := "", true; more; {
		var page []*deletion
		page, more = m.store.deletedPage(after, 2, m.now)
		for _, d := range page {
			after = strings.ToLower(d.latest.name)
			gotBin = append(gotBin, after)
		}
	}
	if !slices.Equal(gotLive, live) || !slices.Equal(gotBin, bin) {
		t.Fatalf("the lists are %v and %v instead of %v and %v", gotLive, gotBin, live, bin)
	}
}
