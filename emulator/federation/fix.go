package federation

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/kindred-emulator/kindred/emulator/apierr"
	"github.com/kindred-emulator/kindred/emulator/directory"
)

// mend is the change that makes the closest credential match.
func mend(p *directory.Principal, a *Assertion, near candidate) *apierr.Fix {
	c, first := near.credential, near.gaps[0]
	switch {
	case first.Field == "claimsMatchingExpression":
		return &apierr.Fix{
			Text:   fmt.Sprintf("Widen the expression of %s so that it takes the subject %q.", c.Name, short(a.Subject)),
			Source: c.Source.Subject.String(), Field: first.Field,
		}
	case first.Field == "audience" && c.Audience == p.Tenant.Cloud.FederationAudience:
		return &apierr.Fix{
			Text: fmt.Sprintf("Have the token made for the audience %s: the credential is right for %s. In a pod, let the webhook project it, or set audience in the serviceAccountToken volume.", c.Audience, p.Tenant.Cloud.Name),
		}
	}
	f := &apierr.Fix{Do: apierr.DoSet, Command: updateCommand(p, c, a, near)}
	switch first.Field {
	case "issuer":
		f.Source, f.Field, f.Value = c.Source.Issuer.String(), "issuer", first.Got
		f.Text = fmt.Sprintf("Set the issuer of %s to exactly what the token's iss says, if that is the cluster you mean.", c.Name)
	case "audience":
		f.Source, f.Field, f.Value = c.Source.Audience.String(), "audiences", first.Got
		f.Text = fmt.Sprintf("Set the audience of %s to that of the token, or have the token made for %s.", c.Name, c.Audience)
	default:
		f.Source, f.Field, f.Value = c.Source.Subject.String(), "subject", first.Got
		f.Text = fmt.Sprintf("Set the subject of %s to %q, or run the workload as %q.", c.Name, first.Got, c.Subject)
	}
	return f
}

// useOther is the change that asks for the principal whose credential matches.
func useOther(a *Assertion, other *directory.Principal) *apierr.Fix {
	f := &apierr.Fix{
		Text:  fmt.Sprintf("Ask for %s: set the client id to %s.", other.Name, other.ClientID),
		Do:    apierr.DoClientID,
		Field: "client_id", Value: other.ClientID,
	}
	if sa, ok := readServiceAccount(a.Subject); ok && len(a.Subject) <= maxField {
		f.Field = directory.AnnotationClientID
		f.Text = fmt.Sprintf("Ask for %s: set the service account's client id to %s, and start the pod anew.", other.Name, other.ClientID)
		f.Command = command("kubectl", "annotate", "--overwrite", "serviceaccount", "--namespace", sa.namespace, sa.name,
			directory.AnnotationClientID+"="+other.ClientID)
	}
	return f
}

// updateCommand sets every field of the credential as the assertion has it. az has no such command
// for an expression, and Azure takes no longer field: then it is empty.
func updateCommand(p *directory.Principal, c *directory.FederatedCredential, a *Assertion, near candidate) string {
	if c.Expression != nil {
		return ""
	}
	audience := c.Audience
	for _, g := range near.gaps {
		if g.Field == "audience" {
			audience = g.Got
		}
	}
	return credentialCommand(p, "update", c.Name, a.Issuer, a.Subject, audience)
}

// createCommand makes a credential that matches the assertion.
func createCommand(p *directory.Principal, a *Assertion) string {
	return credentialCommand(p, "create", "kindred", a.Issuer, a.Subject, p.Tenant.Cloud.FederationAudience)
}

func credentialCommand(p *directory.Principal, verb, name, issuer, subject, audience string) string {
	if len(issuer) > maxField || len(subject) > maxField || len(audience) > maxField {
		return ""
	}
	if p.Kind == directory.ManagedIdentity {
		return command("az", "identity", "federated-credential", verb, "--name", name,
			"--identity-name", p.Name, "--resource-group", resourceGroup(p.ResourceID),
			"--issuer", issuer, "--subject", subject, "--audiences", audience)
	}
	parameters, err := json.Marshal(struct {
		Name      string   `json:"name"`
		Issuer    string   `json:"issuer"`
		Subject   string   `json:"subject"`
		Audiences []string `json:"audiences"`
	}{name, issuer, subject, []string{audience}})
	if err != nil {
		return ""
	}
	args := []string{"az", "ad", "app", "federated-credential", verb, "--id", p.ClientID}
	if verb == "update" {
		args = append(args, "--federated-credential-id", name)
	}
	return command(append(args, "--parameters", string(parameters))...)
}

// resourceGroup takes RG from /subscriptions/…/resourcegroups/RG/….
func resourceGroup(id string) string {
	segments := strings.Split(id, "/")
	for i, s := range segments[:len(segments)-1] {
		if strings.EqualFold(s, "resourceGroups") {
			return segments[i+1]
		}
	}
	return "RESOURCE_GROUP"
}

// command joins arguments into a line for a POSIX shell; what a token says is quoted, so that
// pasting it runs nothing else.
func command(args ...string) string {
	quoted := make([]string, len(args))
	for i, arg := range args {
		quoted[i] = arg
		if arg == "" || strings.Trim(arg, plain) != "" {
			quoted[i] = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
		}
	}
	return strings.Join(quoted, " ")
}

const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=@"
