package main

import (
	"io"
	"text/template"

	"github.com/kindred-emulator/kindred/emulator/directory"
)

// printTutorial is what to try first in the new cluster.
func printTutorial(w io.Writer, d *directory.Directory, cluster *directory.Cluster, s *clusterSetup) error {
	name := ""
	if s.name != defaultCluster {
		name = " --name " + s.name
	}
	t := tutorial{Context: "kind-" + s.name, Issuer: cluster.Issuer, Flags: name}
	for _, sa := range cluster.ServiceAccounts {
		if id := sa.Annotations[directory.AnnotationClientID]; id != "" {
			t.Namespace, t.Account, t.ClientID = sa.Namespace, sa.Name, id
			break
		}
	}
	for _, v := range d.Vaults {
		if len(v.Secrets) > 0 {
			t.VaultURL, t.Secret = "https://"+v.Host()+"/", v.Secrets[0].Name
			break
		}
	}
	text, err := template.New("tutorial").Parse(tutorialText)
	if err != nil {
		return err
	}
	return text.Execute(w, t)
}

type tutorial struct {
	Context, Issuer, Flags               string
	Namespace, Account, ClientID, Secret string
	VaultURL                             string
}

// The same objects as the tutorial's, to paste into a shell.
const tutorialText = `
The cluster is ready; kubectl's context is {{.Context}}. Its issuer is
  {{.Issuer}}
{{- if and .Account .Secret}}

Next, the ServiceAccount and a Pod as for AKS:

kubectl apply -f - <<EOF
apiVersion: v1
kind: ServiceAccount
metadata:
  annotations:
    azure.workload.identity/client-id: {{.ClientID}}
  name: {{.Account}}
  namespace: {{.Namespace}}
---
apiVersion: v1
kind: Pod
metadata:
  name: quick-start
  namespace: {{.Namespace}}
  labels:
    azure.workload.identity/use: "true"
spec:
  serviceAccountName: {{.Account}}
  containers:
  - image: ghcr.io/azure/azure-workload-identity/msal-go
    name: oidc
    env:
    - name: KEYVAULT_URL
      value: {{.VaultURL}}
    - name: SECRET_NAME
      value: {{.Secret}}
  nodeSelector:
    kubernetes.io/os: linux
EOF
kubectl logs quick-start --namespace {{.Namespace}} --follow
{{- end}}

kindred cluster status{{.Flags}}     does everything work?
kindred explain --last     why was a request refused?
kindred cluster down{{.Flags}}       removes all of it
`
