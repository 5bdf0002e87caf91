package control

import (
	"fmt"
	"strconv"

	"github.com/kindred-emulator/kindred/emulator/apierr"
	"github.com/kindred-emulator/kindred/emulator/journal"
)

// last is the newest refusal, or a challenge that came after it and that nobody has answered since: then
// the client never asked for a token.
func (a *api) last() (journal.Record, bool) {
	refused, ok := a.Journal.LastRefused()
	challenge, unanswered := a.Journal.LastChallenge()
	if !unanswered || ok && newer(refused, challenge) {
		return refused, ok
	}
	challenge.Challenge = false
	challenge.Explanation = &apierr.Explanation{
		Cause:   "token-never-asked",
		Summary: "The vault asked for a token, and since then nobody has asked Entra for one.",
		Evidence: []string{
			fmt.Sprintf("The request to %s came without a token, as each client's first one does, and none came after it.", challenge.Host),
			"A client does so that finds no AZURE_FEDERATED_TOKEN_FILE, AZURE_CLIENT_ID and AZURE_TENANT_ID, or that was told to use a managed identity of the machine.",
		},
		Fix: &apierr.Fix{
			Do: apierr.DoLabel, Field: "azure.workload.identity/use", Value: "true",
			Text: "Label the pod, or its template, and make it anew; on this machine run the program under `kindred exec`. In the program use DefaultAzureCredential or WorkloadIdentityCredential, not ManagedIdentityCredential.",
		},
	}
	return challenge, true
}

func newer(a, b journal.Record) bool {
	x, errX := strconv.Atoi(a.ID)
	y, errY := strconv.Atoi(b.ID)
	return errX == nil && errY == nil && x > y
}
