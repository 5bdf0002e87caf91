package federation

import (
	"net/url"
	"slices"
	"strings"

	"github.com/kindred-emulator/kindred/emulator/apierr"
	"github.com/kindred-emulator/kindred/emulator/directory"
)

// gap is how one field of a credential differs from what an assertion presents.
type gap struct {
	apierr.Difference
	cause    string
	distance int
}

// The distances of a gap: 0 for none.
const (
	spelling = iota + 1 // a slash, case, white space, the scheme
	part                // one of the parts that the field is made of
	whole               // another thing altogether
)

// gaps compares a credential with an assertion, field by field in the order in which Entra does.
func gaps(c *directory.FederatedCredential, a *Assertion) []gap {
	var found []gap
	for _, g := range []gap{issuerGap(c, a), audienceGap(c, a), subjectGap(c, a)} {
		if g.distance > 0 {
			g.Want, g.Got = short(g.Want), short(g.Got)
			found = append(found, g)
		}
	}
	return found
}

func newGap(field, want, got string) gap {
	return gap{Difference: apierr.Difference{Field: field, Want: want, Got: got}}
}

func (g gap) because(cause string, distance int, detail string) gap {
	g.cause, g.distance, g.Detail = cause, distance, detail
	return g
}

func issuerGap(c *directory.FederatedCredential, a *Assertion) gap {
	g := newGap("issuer", c.Issuer, a.Issuer)
	if a.issuerMatches(c) {
		return g
	}
	if how := misspelt(c.Issuer, a.Issuer); len(how) > 0 {
		cause := "issuer-differs"
		if slices.Contains(how, slashMissing) || slices.Contains(how, slashAdded) {
			cause = "issuer-trailing-slash"
		}
		return g.because(cause, spelling, strings.Join(how, ", "))
	}
	want, err := url.Parse(c.Issuer)
	if err != nil {
		return g.because("issuer-differs", whole, "the credential's is not a URL")
	}
	got, err := url.Parse(a.Issuer)
	if err != nil {
		return g.because("issuer-differs", whole, "the assertion's is not a URL")
	}
	sameHost := strings.EqualFold(want.Host, got.Host)
	samePath := strings.Trim(want.Path, "/") == strings.Trim(got.Path, "/")
	switch {
	case sameHost && samePath && want.Scheme != got.Scheme:
		return g.because("issuer-differs", spelling, "scheme: "+got.Scheme+" where the credential has "+want.Scheme)
	case sameHost:
		return g.because("issuer-differs", part, "path: another issuer on the same host")
	case samePath && len(want.Path) > 1:
		return g.because("issuer-differs", part, "host: the same path elsewhere")
	default:
		return g.because("issuer-differs", whole, "another issuer")
	}
}

func audienceGap(c *directory.FederatedCredential, a *Assertion) gap {
	if a.audienceMatches(c) {
		return gap{}
	}
	var closest gap
	for _, got := range a.Audience {
		g := compareAudience(c.Audience, got)
		if closest.distance == 0 || g.distance < closest.distance {
			closest = g
		}
	}
	return closest
}

func compareAudience(want, got string) gap {
	g := newGap("audience", want, got)
	if how := misspelt(want, got); len(how) > 0 {
		return g.because("audience-differs", spelling, strings.Join(how, ", "))
	}
	wanted, ok := cloudOfAudience(want)
	presented, other := cloudOfAudience(got)
	switch {
	case ok && other:
		return g.because("audience-cloud", part, "cloud: that of "+presented.Name+" where the credential has that of "+wanted.Name)
	case withinEdits(strings.ToLower(want), strings.ToLower(got), 2):
		return g.because("audience-differs", part, "a character or two: a typing error")
	case strings.HasPrefix(got, "https://kubernetes.default.svc") || isInCluster(got):
		return g.because("audience-differs", whole, "the audience of the cluster's own API server: not a token projected for Azure")
	default:
		return g.because("audience-differs", whole, "another audience")
	}
}

func cloudOfAudience(audience string) (*directory.Cloud, bool) {
	for _, c := range directory.Clouds() {
		if strings.EqualFold(c.FederationAudience, audience) {
			return c, true
		}
	}
	return nil, false
}

// The ways of misspelt.
const (
	spaceAround  = "white space around it"
	slashMissing = "trailing slash: the credential has one, the assertion has none"
	slashAdded   = "trailing slash: the assertion has one, the credential has none"
	otherCase    = "case"
)

// misspelt says how two texts differ that mean the same: nothing where they mean different things.
func misspelt(want, got string) []string {
	var how []string
	w, g := strings.TrimSpace(want), strings.TrimSpace(got)
	if w != want || g != got {
		how = append(how, spaceAround)
	}
	if slash := strings.HasSuffix(w, "/"); slash != strings.HasSuffix(g, "/") {
		detail := slashAdded
		if slash {
			detail = slashMissing
		}
		how = append(how, detail)
		w, g = strings.TrimSuffix(w, "/"), strings.TrimSuffix(g, "/")
	}
	if w != g {
		how = append(how, otherCase)
	}
	if !strings.EqualFold(w, g) {
		return nil
	}
	return how
}

// withinEdits says whether so many insertions, deletions and replacements make one text the other.
// Its time is linear in the texts: 3 to the power of edits passes at most.
func withinEdits(a, b string, edits int) bool {
	for a != "" && b != "" && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	switch {
	case a == "" || b == "":
		return len(a)+len(b) <= edits
	case edits == 0:
		return false
	default:
		return withinEdits(a[1:], b, edits-1) || withinEdits(a, b[1:], edits-1) || withinEdits(a[1:], b[1:], edits-1)
	}
}
