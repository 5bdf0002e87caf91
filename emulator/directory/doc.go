// Package directory is the model that every surface of the emulator reads: tenants and their
// clouds, service principals with their credentials, clusters, and the vaults with the rules
// that say who may do what.
//
// A Directory is built once, from a fixture, and never changes afterwards, so it is read without
// locks. What does change while kindred runs (the secrets in a vault, the signing keys) lives with
// the surface that owns it.
package directory
