// Package scenarios runs workloads and compares what becomes of them with what should.
//
// A scenario is a workload and its outcome; files beside this package hold them. A target is where
// the workload runs: `embedded`, where the service-account token comes from kindred's own issuer and
// the client is a local process, or `kind`, where `kindred cluster up` made a cluster, a real API
// server signs the token and the client is a pod.
package scenarios
