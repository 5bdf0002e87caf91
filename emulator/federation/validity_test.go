package federation

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/apierr"
)

func TestTime(t *testing.T) {
	t.Parallel()
	start := frozen.Truncate(time.Second)
	for _, c := range []struct {
		name     string
		nbf, exp any
		at       time.Time
		between  string // in the text; empty: valid
		cause    string
		summary  string
	}{
		{"in its time", start.Unix(), start.Unix() + 60, start.Add(59 * time.Second), "", "", ""},
		{"the first instant", start.Unix(), start.Unix() + 60, start, "", "", ""},
		{"without nbf", nil, start.Unix() + 60, start, "", "", ""},
		{
			"the instant of its end", start.Unix(), start.Unix() + 60, start.Add(time.Minute),
			"2026-03-04T05:07:07.0000000Z, assertion valid from 2026-03-04T05:06:07.0000000Z, expiry time of assertion 2026-03-04T05:07:07.0000000Z",
			"assertion-expired", "The assertion expired less than 1 s ago.",
		},
		{
			"expired, without nbf", nil, start.Unix(), start.Add(2*time.Hour + 150113700),
			"2026-03-04T07:06:07.1501137Z, assertion valid from 1970-01-01T00:00:00.0000000Z, expiry time of assertion 2026-03-04T05:06:07.0000000Z",
			"assertion-expired", "The assertion expired 2 h ago.",
		},
		{
			"without exp", start.Unix(), nil, start,
			"2026-03-04T05:06:07.0000000Z, assertion valid from 2026-03-04T05:06:07.0000000Z, expiry time of assertion 1970-01-01T00:00:00.0000000Z",
			"assertion-expired", "The assertion has no exp claim, which counts as expired.",
		},
		{
			"not yet", start.Unix() + 200, start.Unix() + 3600, start,
			"2026-03-04T05:06:07.0000000Z, assertion valid from 2026-03-04T05:09:27.0000000Z, expiry time of assertion 2026-03-04T06:06:07.0000000Z",
			"assertion-not-yet-valid", "The assertion becomes valid in 3 min 20 s.",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := assertion(t, members{"nbf": c.nbf, "exp": c.exp}).CheckTime(c.at)
			if c.between == "" {
				require.NoError(t, err)
				return
			}
			e := refusal(t, err, apierr.OutsideValidity)
			assert.Equal(t, "AADSTS700024: Client assertion is not within its valid time range. Current time: "+c.between+
				". Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials .", e.Error())
			assert.Equal(t, c.cause, e.Explanation.Cause)
			assert.Equal(t, c.summary, e.Explanation.Summary)
			assert.NotEmpty(t, e.Explanation.Fix.Text)
		})
	}
}

func TestSpan(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0:                                 "less than 1 s",
		999 * time.Millisecond:            "less than 1 s",
		3 * time.Second:                   "3 s",
		time.Minute:                       "1 min",
		5*time.Minute + 20*time.Second:    "5 min 20 s",
		2*time.Hour + 5*time.Minute + 1e9: "2 h 5 min",
		76 * time.Hour:                    "3 d 4 h",
	} {
		assert.Equal(t, want, span(d))
	}
}
