package federation

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/kindred-emulator/kindred/emulator/apierr"
)

// The explanations of what an issuer's documents show.

// inCluster is the issuer of a cluster that was given none: no one outside can reach it.
const inCluster = "https://kubernetes.default.svc.cluster.local"

func isInCluster(issuer string) bool { return strings.TrimSuffix(issuer, "/") == inCluster }

const giveIssuer = "Give the cluster an issuer that can be reached from outside: kube-apiserver's --service-account-issuer and --service-account-jwks-uri (`kindred cluster up` does it on kind, `az aks update --enable-oidc-issuer` on AKS), then make the credential with that issuer."

func explainUnreachable(a *Assertion, err error) *apierr.Explanation {
	x := &apierr.Explanation{
		Cause:    "issuer-unreachable",
		Summary:  "A credential matches, but the issuer's keys could not be fetched.",
		Evidence: []string{short(err.Error())},
		Fix:      &apierr.Fix{Text: remedy(err), Do: apierr.DoReach, Value: short(strings.TrimSuffix(a.Issuer, "/") + "/.well-known/openid-configuration")},
	}
	if isInCluster(a.Issuer) {
		x.Cause = "default-cluster-issuer"
		x.Summary = "The issuer is the in-cluster default, which nothing outside the cluster can reach."
		x.Fix = &apierr.Fix{Text: giveIssuer}
	}
	return x
}

// remedy is what mends a failed fetch.
func remedy(err error) string {
	var (
		dns       *net.DNSError
		untrusted *tls.CertificateVerificationError
		status    statusError
		document  documentError
		insecure  insecureError
		mismatch  issuerMismatchError
	)
	switch {
	case errors.As(err, &dns):
		return "Make the issuer's name resolve, or correct a typing error in the issuer; Azure must be able to resolve it from the public internet."
	case errors.Is(err, syscall.ECONNREFUSED):
		return "Start the issuer's server, or open its port."
	case errors.As(err, &untrusted):
		return "Give the issuer a certificate for that name from an authority that is trusted."
	case errors.As(err, &insecure):
		return "Serve the issuer and its jwks_uri over https; Azure fetches nothing else."
	case errors.As(err, &mismatch):
		return "Have the discovery document name the issuer exactly as the token's iss does, a trailing slash included."
	case errors.As(err, &status):
		return "Publish the document at that URL, without a login."
	case errors.As(err, &document):
		return "Correct the document."
	case errors.Is(err, context.DeadlineExceeded):
		return "Let Azure reach the issuer: a private or firewalled one cannot be federated with."
	default:
		return "Open the URL from outside the cluster; what fails there fails for Azure."
	}
}

// explainUnknownKey also says so where the keys are old because a newer fetch failed.
func explainUnknownKey(a *Assertion, set *keySet, refetch error) *apierr.Explanation {
	x := &apierr.Explanation{
		Cause:   "key-not-published",
		Summary: fmt.Sprintf("The key %q that signed the assertion is not among those that the issuer publishes.", short(a.keyName())),
		Evidence: []string{
			fmt.Sprintf("%s shows %d usable keys%s, fetched %s.", set.url, len(set.ids), listed(set.ids), set.fetched.UTC().Format(time.RFC3339)),
		},
		Fix: &apierr.Fix{
			Do:   apierr.DoNewToken,
			Text: "Take a new token: after a cluster was made again or its key rotated, tokens of the old key stay refused. If new tokens are refused too, publish the key in the JWKS.",
		},
	}
	if refetch != nil {
		x.Evidence = append(x.Evidence, "Fetching them anew failed: "+short(refetch.Error()))
	}
	return x
}

// listed names the first few.
func listed(ids []string) string {
	const few = 5
	if len(ids) == 0 {
		return ""
	}
	text := " (" + short(strings.Join(ids[:min(len(ids), few)], ", "))
	if len(ids) > few {
		text += ", …"
	}
	return text + ")"
}

func explainSignature(a *Assertion, set *keySet) *apierr.Explanation {
	return &apierr.Explanation{
		Cause:   "bad-signature",
		Summary: fmt.Sprintf("The issuer publishes a key %q, but the assertion was not signed with it, or was changed afterwards.", short(a.keyName())),
		Evidence: []string{
			fmt.Sprintf("The key comes from %s, fetched %s; the assertion's alg is %s.", set.url, set.fetched.UTC().Format(time.RFC3339), a.Algorithm),
		},
		Fix: &apierr.Fix{Text: "Send the token as it was issued. If another key goes by the same kid, give each its own."},
	}
}
