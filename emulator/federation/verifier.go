package federation

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/kindred-emulator/kindred/emulator/apierr"
	"github.com/kindred-emulator/kindred/emulator/directory"
)

// DefaultTimeout bounds the fetch of an issuer's two documents together.
const DefaultTimeout = 10 * time.Second

// Config is what a Verifier needs. Only Timeout may be left out.
type Config struct {
	// Client fetches the issuers' documents. It has its own roots and dialer; limits on size, time
	// and redirects are the Verifier's.
	Client *http.Client
	// Directory is where explanations look for a credential that would have matched.
	Directory *directory.Directory
	// Now is the clock of assertions and of the cache.
	Now func() time.Time
	// Timeout bounds the fetch of an issuer's documents; zero: DefaultTimeout.
	Timeout time.Duration
}

// Verifier verifies assertions of external issuers, and caches the issuers' keys. Its methods may
// be called at the same time.
type Verifier struct {
	Config
	started time.Time
	fetcher *fetcher
	cache   atomic.Pointer[cache]
}

// New makes a Verifier with an empty cache.
func New(c Config) *Verifier {
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	v := &Verifier{Config: c, started: c.Now(), fetcher: newFetcher(c.Client, c.Timeout, c.Now)}
	v.Forget()
	return v
}

// Forget empties the cache of the issuers' keys. A fetch under way does not fill it again.
func (v *Verifier) Forget() { v.cache.Store(newCache(v.fetcher.keys, v.Now)) }

// Verify says whether the assertion stands for the principal. The error is an *apierr.Error with an
// explanation.
func (v *Verifier) Verify(ctx context.Context, p *directory.Principal, a *Assertion) error {
	if err := a.Check(Algorithms()); err != nil {
		return err
	}
	if err := v.match(p, a); err != nil {
		return err
	}
	if err := v.checkSignature(ctx, a); err != nil {
		return err
	}
	return a.CheckTime(v.Now())
}

// checkSignature fetches the issuer's keys and verifies the signature with the one that the
// assertion names.
func (v *Verifier) checkSignature(ctx context.Context, a *Assertion) error {
	name := a.keyName()
	set, err := v.cache.Load().get(ctx, a.Issuer, name)
	if set == nil {
		return apierr.IssuerUnreachable.With().Because(explainUnreachable(a, err))
	}
	key, ok := set.keys[name]
	if !ok {
		return apierr.UnknownKey.With(name, a.Issuer).Because(explainUnknownKey(a, set, err))
	}
	if err := a.VerifySignature(key); err != nil {
		return apierr.BadSignature.With().Because(explainSignature(a, set))
	}
	return nil
}
