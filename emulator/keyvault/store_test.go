package keyvault

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/directory"
)

func names(all []*version) (list []string) {
	for _, v := range all {
		list = append(list, v.name)
	}
	return list
}

// fill empties a store but for secrets of one version each.
func fill(s *store, names ...string) {
	s.contents = newContents()
	for _, name := range names {
		v := &version{name: name}
		s.place(strings.ToLower(name), &secret{versions: []*version{v}, latest: v}, nil)
	}
}

func TestStoreVersions(t *testing.T) {
	s := store{contents: newContents()}
	for _, v := range []version{{name: "Nb", id: "b"}, {name: "NB", id: "c"}, {name: "nb", id: "a", value: "a"}} {
		_, err := s.set(&v, 0)
		require.NoError(t, err)
	}
	all, latest, err := s.versions("nB")
	require.NoError(t, err)
	assert.Equal(t, "a", latest.id, "the last one set, not the last by id")
	assert.Equal(t, []string{"Nb", "Nb", "Nb"}, names(all), "the first name's case")
	assert.Equal(t, []string{"a", "b", "c"}, []string{all[0].id, all[1].id, all[2].id})

	before, err := s.get("nb", "c")
	require.NoError(t, err)
	_, err = s.update("nb", "c", func(v version) (*version, error) { v.value = "new"; return &v, nil })
	require.NoError(t, err)
	assert.Empty(t, before.value, "what was read stays")
	after, err := s.get("nb", "c")
	require.NoError(t, err)
	assert.Equal(t, "new", after.value)

	no := errors.New("no")
	_, err = s.update("nb", "", func(v version) (*version, error) { v.value = "bad"; return &v, no })
	require.ErrorIs(t, err, no)
	latest, err = s.get("nb", "")
	require.NoError(t, err)
	assert.Equal(t, "a", latest.value)
	_, err = s.update("nb", "", func(v version) (*version, error) { v.value = "good"; return &v, nil })
	require.NoError(t, err)
	latest, err = s.get("nb", "")
	require.NoError(t, err)
	assert.Equal(t, "good", latest.value)

	_, err = s.get("nb", "d")
	require.ErrorIs(t, err, errNotFound)
	_, err = s.update("nb", "d", nil)
	require.ErrorIs(t, err, errNotFound)
}

func TestStoreBin(t *testing.T) {
	var s store
	fill(&s, "a", "b", "c")
	for i, name := range []string{"c", "a", "b"} {
		_, err := s.remove(name, int64(i), int64(100+i))
		require.NoError(t, err)
	}
	_, err := s.remove("a", 3, 103)
	require.ErrorIs(t, err, errNotFound)
	_, err = s.set(&version{name: "A"}, 100)
	require.ErrorIs(t, err, errDeleted)
	require.ErrorIs(t, s.restore(nil, &version{name: "A"}, 100), errNameTaken)

	// c went at 100, a goes at 101, b at 102.
	require.ErrorIs(t, s.purge("c", 100), errNotInBin)
	page, more := s.deletedPage("", 1, 100)
	require.Len(t, page, 1)
	assert.Equal(t, "a", page[0].latest.name)
	assert.True(t, more)
	_, err = s.recover("a", 101)
	require.ErrorIs(t, err, errNotInBin)
	_, err = s.set(&version{name: "A"}, 101)
	require.NoError(t, err)
	_, err = s.deleted("B", 101)
	require.NoError(t, err)
	_, err = s.recover("B", 101)
	require.NoError(t, err)
	page, more = s.deletedPage("", 1, 101)
	assert.Empty(t, page)
	assert.False(t, more)
	found, more := s.page("", 25)
	assert.Equal(t, []string{"A", "b"}, names(found))
	assert.False(t, more)
}

// A disk that takes its time keeps writers waiting, and nobody else.
func TestReadersDoNotWaitForTheDisk(t *testing.T) {
	var s store
	fill(&s, "a", "b")
	_, err := s.remove("b", 0, 100)
	require.NoError(t, err)
	writing, written, done := make(chan struct{}), make(chan struct{}), make(chan error)
	s.keep = func(string, *secret, *deletion) error {
		close(writing)
		<-written
		return nil
	}
	go func() {
		_, err := s.set(&version{name: "a", id: "1", value: "new"}, 1)
		done <- err
	}()
	<-writing
	v, err := s.get("a", "")
	require.NoError(t, err)
	assert.Empty(t, v.value, "what is not written down is not seen")
	page, _ := s.page("", 25)
	assert.Equal(t, []string{"a"}, names(page))
	all, _, err := s.versions("a")
	require.NoError(t, err)
	assert.Len(t, all, 1)
	_, err = s.deleted("b", 1)
	require.NoError(t, err)
	bin, _ := s.deletedPage("", 25, 1)
	assert.Len(t, bin, 1)
	close(written)
	require.NoError(t, <-done)
	v, err = s.get("a", "")
	require.NoError(t, err)
	assert.Equal(t, "new", v.value)
}

func TestStorePages(t *testing.T) {
	var s store
	fill(&s, "B", "a", "C")
	for _, c := range []struct {
		after string
		limit int
		want  []string
		more  bool
	}{
		{"", 2, []string{"a", "B"}, true},
		{"", 3, []string{"a", "B", "C"}, false},
		{"b", 2, []string{"C"}, false},
		{"A", 1, []string{"B"}, true},
		{"aa", 2, []string{"B", "C"}, false}, // no longer there
		{"c", 2, nil, false},
	} {
		got, more := s.page(c.after, c.limit)
		assert.Equal(t, c.want, names(got), c.after)
		assert.Equal(t, c.more, more, c.after)
	}
}

// BenchmarkSeed is a vault of 100,000 secrets coming to life.
func BenchmarkSeed(b *testing.B) {
	d := &directory.Vault{Name: "kv", Tenant: &directory.Tenant{Cloud: directory.Clouds()[0]}}
	for i := range 100_000 {
		d.Secrets = append(d.Secrets, directory.Secret{Name: fmt.Sprintf("secret-%d", i), Value: "v"})
	}
	b.ReportAllocs()
	for b.Loop() {
		_, _ = seeded([]*vault{newVault(d)}, 0)
	}
}
