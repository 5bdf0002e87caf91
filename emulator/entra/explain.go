package entra

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/kindred-emulator/kindred/emulator/apierr"
)

func quote(s string) string { return strconv.Quote(s) }

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// some says something of each thing, or of the first few and how many more there are.
func some[T any](things []T, say func(T) string) []string {
	const most = 10
	var lines []string
	for _, t := range things[:min(len(things), most)] {
		lines = append(lines, say(t))
	}
	if more := len(things) - most; more > 0 {
		lines = append(lines, strconv.Itoa(more)+" more are not listed.")
	}
	return lines
}

func explainMethod(q *http.Request) *apierr.Explanation {
	x := &apierr.Explanation{
		Cause:   "method-not-post",
		Summary: "Tokens are asked for with POST; this was a " + q.Method + ".",
		Fix:     &apierr.Fix{Text: "Send the parameters in the body of a POST."},
	}
	if q.Method == http.MethodGet && q.ContentLength != 0 {
		x.Cause = "get-in-strict"
		x.Evidence = []string{"The GET carries a body. kindred serves that unless it is strict; Entra never does."}
	}
	return x
}

func explainGrant(grant string) *apierr.Explanation {
	return &apierr.Explanation{
		Cause:   "unsupported-grant",
		Summary: "kindred serves the grant " + clientCredentials + ", not " + quote(grant) + ".",
	}
}

// explainMissing says why a parameter may be missing although the client meant to send it; nil
// where the message says it all.
func (r *request) explainMissing(name string) *apierr.Explanation {
	switch {
	case r.query.Has(name):
		return &apierr.Explanation{
			Cause:   "parameter-in-query",
			Summary: name + " is in the URL's query; the token endpoint reads the body only.",
			Fix:     &apierr.Fix{Text: "Send the parameters in the body of a POST, as application/x-www-form-urlencoded."},
		}
	case r.grantType == "" && !r.isForm():
		return &apierr.Explanation{
			Cause:   "body-not-a-form",
			Summary: "A body of the type " + quote(r.contentType) + " holds no parameter for the token endpoint.",
			Fix:     &apierr.Fix{Text: "Send the parameters as application/x-www-form-urlencoded."},
		}
	case name == "client_assertion_type":
		return &apierr.Explanation{
			Cause:       "wrong-assertion-type",
			Summary:     "The client_assertion_type is not the one for JWTs.",
			Differences: []apierr.Difference{{Field: name, Want: jwtBearer, Got: r.assertionType, Detail: "another type"}},
		}
	}
	return nil
}

func (r *request) isForm() bool {
	return strings.HasPrefix(r.contentType, formType) || strings.HasPrefix(r.contentType, multipartType)
}
