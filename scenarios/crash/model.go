package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
)

// model is what must be in the vault. Each client has secrets of its own, and writes one after the
// other: of each, the answered state, or the one that was under way when kindred was killed.
type model struct {
	answered atomic.Int64
	refused  atomic.Pointer[statusError] // a write that was answered with an error: none should be
	mu       sync.Mutex
	secrets  map[string]*expected
	next     [clients]int
}

// expected is a secret's value, or "" where it was deleted and purged; pending is what a write that was
// not answered would have made of it.
type expected struct {
	value, pending string
	isPending      bool
}

func newModel() *model { return &model{secrets: make(map[string]*expected)} }

const names = 25 // secrets of each client

// write writes as one client until kindred is gone.
func (m *model) write(ctx context.Context, s *server, client int) {
	for {
		m.mu.Lock()
		n := m.next[client]
		m.next[client]++
		name := fmt.Sprintf("c%d-%d", client, n%names)
		e := m.secrets[name]
		if e == nil {
			e = &expected{}
			m.secrets[name] = e
		}
		const removeEvery = 7
		value := fmt.Sprintf("value %d of client %d", n, client)
		remove := n%removeEvery == 0 && e.value != ""
		if remove {
			value = ""
		}
		e.pending, e.isPending = value, true
		m.mu.Unlock()

		var err error
		if remove {
			err = s.remove(ctx, name)
		} else {
			err = s.set(ctx, name, value)
		}
		var refused *statusError
		if errors.As(err, &refused) {
			m.refused.CompareAndSwap(nil, refused)
		}
		if err != nil {
			return // killed: the write may have been done
		}
		m.mu.Lock()
		e.value, e.isPending = value, false
		m.mu.Unlock()
		m.answered.Add(1)
	}
}

// check compares what is there with what must be, and settles what was under way.
func (m *model) check(ctx context.Context, s *server) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if refused := m.refused.Load(); refused != nil {
		return fmt.Errorf("a write was refused: %w", refused)
	}
	for name, e := range m.secrets {
		got, err := s.get(ctx, name)
		if err != nil {
			return err
		}
		if got != e.value && (!e.isPending || got != e.pending) {
			return fmt.Errorf("%s is %q; answered was %q, under way %q (%t)", name, got, e.value, e.pending, e.isPending)
		}
		e.value, e.isPending = got, false
	}
	return nil
}
