// Package webhook is the mutating admission webhook of workload identity: it gives a labelled pod
// its token file and its AZURE_ variables, as azure-workload-identity's does (v1.5), and the trust in
// kindred's certificates.
//
//	kube-apiserver ── AdmissionReview ──▶ Mutate ── the pod's ServiceAccount ──▶ kube-apiserver
//	               ◀── JSON Patch ───────
//
// Source: https://azure.github.io/azure-workload-identity/docs/installation/mutating-admission-webhook.html.
package webhook
