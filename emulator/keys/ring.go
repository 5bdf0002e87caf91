package keys

import (
	"sync"
	"time"
)

// Overlap is how long a key stays published after its successor took over, as AKS does it
// (https://learn.microsoft.com/azure/aks/use-oidc-issuer#rotate-the-oidc-key).
const Overlap = 24 * time.Hour

// Ring is the signing keys of one issuer: the one that signs, and older ones that are still
// published for the tokens they signed.
type Ring struct {
	mu    sync.RWMutex
	keys  []ringKey // the newest first
	fresh func() (*Key, error)
	save  func([]ringKey) error
}

type ringKey struct {
	*Key
	retired time.Time // zero while it signs
}

// Current is the key that signs.
func (r *Ring) Current() *Key {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.keys[0].Key
}

// Published lists the keys to show in a JWKS at a time, the signing one first.
func (r *Ring) Published(now time.Time) []*Key {
	r.mu.RLock()
	defer r.mu.RUnlock()
	keys := make([]*Key, 0, len(r.keys))
	for _, k := range r.keys {
		if k.published(now) {
			keys = append(keys, k.Key)
		}
	}
	return keys
}

// ByThumbprint finds a key that is published at a time by its x5t.
func (r *Ring) ByThumbprint(thumbprint string, now time.Time) (*Key, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, k := range r.keys {
		if k.thumbprint == thumbprint && k.published(now) {
			return k.Key, true
		}
	}
	return nil, false
}

func (k ringKey) published(now time.Time) bool {
	return k.retired.IsZero() || now.Before(k.retired.Add(Overlap))
}

// Rotate makes a new key sign from now on. Older keys stay published for the Overlap.
func (r *Ring) Rotate(now time.Time) error {
	next, err := r.fresh()
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	keys := []ringKey{{Key: next}}
	for _, k := range r.keys {
		if !k.published(now) {
			continue
		}
		if k.retired.IsZero() {
			k.retired = now
		}
		keys = append(keys, k)
	}
	if err := r.save(keys); err != nil {
		return err
	}
	r.keys = keys
	return nil
}
