package federation

import (
	"time"

	"github.com/kindred-emulator/kindred/emulator/apierr"
)

// ticks is the layout of times in Entra's texts: .NET's, with a fraction of seven digits.
const ticks = "2006-01-02T15:04:05.0000000Z"

// CheckTime refuses an assertion before its nbf and from its exp on. No clock skew is allowed for;
// an absent nbf is no bound, an absent exp is one that has passed.
func (a *Assertion) CheckTime(now time.Time) error {
	if now.Before(a.Expires) && !now.Before(a.NotBefore) {
		return nil
	}
	return apierr.OutsideValidity.With(now.UTC().Format(ticks), orEpoch(a.NotBefore), orEpoch(a.Expires)).
		Because(explainTime(a, now))
}

func orEpoch(t time.Time) string {
	if t.IsZero() {
		t = time.Unix(0, 0)
	}
	return t.UTC().Format(ticks)
}
