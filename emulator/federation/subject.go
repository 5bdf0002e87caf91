package federation

import (
	"slices"
	"strings"

	"github.com/kindred-emulator/kindred/emulator/directory"
)

func subjectGap(c *directory.FederatedCredential, a *Assertion) gap {
	if a.subjectMatches(c) {
		return gap{}
	}
	if c.Expression != nil {
		return newGap("claimsMatchingExpression", c.Expression.String(), a.Subject).
			because("subject-expression", part, "the claims do not satisfy the expression")
	}
	g := newGap("subject", c.Subject, a.Subject)
	if how := misspelt(c.Subject, a.Subject); len(how) > 0 {
		cause := "subject-differs"
		if slices.Contains(how, otherCase) {
			cause = "subject-case"
		}
		return g.because(cause, spelling, strings.Join(how, ", "))
	}
	if want, ok := readServiceAccount(c.Subject); ok {
		if got, ok := readServiceAccount(a.Subject); ok {
			return serviceAccountGap(g, want, got)
		}
	}
	if want, ok := readWorkflow(c.Subject); ok {
		if got, ok := readWorkflow(a.Subject); ok {
			return workflowGap(g, want, got)
		}
	}
	if withinEdits(c.Subject, a.Subject, 2) {
		return g.because("subject-differs", part, "a character or two: a typing error")
	}
	return g.because("subject-differs", whole, "another subject")
}

// serviceAccount is system:serviceaccount:NAMESPACE:NAME.
type serviceAccount struct{ namespace, name string }

func readServiceAccount(subject string) (serviceAccount, bool) {
	rest, ok := strings.CutPrefix(subject, "system:serviceaccount:")
	namespace, name, both := strings.Cut(rest, ":")
	return serviceAccount{namespace, name}, ok && both
}

func serviceAccountGap(g gap, want, got serviceAccount) gap {
	namespace := "namespace: " + got.namespace + " where the credential has " + want.namespace
	name := "service account: " + got.name + " where the credential has " + want.name
	switch {
	case want.name == got.name:
		return g.because("subject-namespace", part, short(namespace))
	case want.namespace == got.namespace:
		return g.because("subject-serviceaccount", part, short(name))
	default:
		return g.because("subject-differs", whole, short(namespace)+", "+short(name))
	}
}

// workflow is repo:OWNER/NAME:ENTITY[:VALUE], the subject of GitHub Actions. Its entity is the kind
// of thing the job ran for: ref, environment, pull_request.
// https://docs.github.com/actions/reference/security/oidc#example-subject-claims.
type workflow struct{ repository, entity, value string }

func readWorkflow(subject string) (workflow, bool) {
	rest, ok := strings.CutPrefix(subject, "repo:")
	repository, rest, both := strings.Cut(rest, ":")
	entity, value, _ := strings.Cut(rest, ":")
	return workflow{repository, entity, value}, ok && both
}

func workflowGap(g gap, want, got workflow) gap {
	switch {
	case want.repository != got.repository:
		return g.because("subject-differs", whole, short("repository: "+got.repository+" where the credential has "+want.repository))
	case want.entity != got.entity:
		return g.because("subject-entity-type", part, short("entity type: "+got.entity+" where the credential has "+want.entity))
	default:
		return g.because("subject-differs", part, short(want.entity+": "+got.value+" where the credential has "+want.value))
	}
}
