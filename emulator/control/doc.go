// Package control is the separate listener for whoever steers a running kindred: `kindred exec`,
// `env`, `token` and `explain`, and tests. Plain HTTP and JSON, for callers on this machine.
//
//	GET    /health                       200 when ready
//	GET    /v1/info                      addresses, certificate authority, tenants, clusters, vaults
//	GET    /v1/workload?as=NS/SA         the identity of a service account
//	POST   /v1/tokens                    a service-account token
//	GET    /v1/journal?after=ID&refused= what happened
//	GET    /v1/journal/{id}              one record; `last` is the newest refusal
//	GET    /v1/clock   PUT /v1/clock     {"advance": "25h", "freeze": true} and so on
//	POST   /v1/keys/rotate?of=NAME       entra, or a cluster's name
//	GET    /v1/faults  POST  DELETE      what goes wrong on purpose
//	POST   /v1/reset                     vaults, clock, caches and faults as at the start
package control
