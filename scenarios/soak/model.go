package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// model is what one worker's vault must hold.
type model map[string]*secret // by name

// secret is a name's versions, the latest last.
type secret struct {
	versions []version
	deleted  bool
}

type version struct{ id, value string }

func (s *secret) latest() version { return s.versions[len(s.versions)-1] }

// names lists the secrets that are deleted, or those that are not.
func (m model) names(deleted bool) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if m[name].deleted == deleted {
			names = append(names, name)
		}
	}
	return names
}

// live is a secret that is there and not deleted; nil: there is none.
func (m model) live(name string) *secret {
	if s := m[name]; s != nil && !s.deleted {
		return s
	}
	return nil
}

// gone is a secret that is deleted; nil: there is none.
func (m model) gone(name string) *secret {
	if s := m[name]; s != nil && s.deleted {
		return s
	}
	return nil
}

// ids are the versions' in the order in which a vault lists them.
func (s *secret) ids() []string {
	var ids []string
	for _, v := range s.versions {
		ids = append(ids, v.id)
	}
	slices.Sort(ids)
	return ids
}

// same compares what was answered with what must be.
func same[T cmp.Ordered](what string, got, want []T) error {
	if slices.Equal(got, want) {
		return nil
	}
	return fmt.Errorf("%s: %v was answered, %v must be", what, got, want)
}
