// Package issuer plays the OIDC issuer of each cluster: it publishes the discovery document and the
// key set at the issuer's own host and path, and signs service-account tokens where there is no
// cluster to sign them.
package issuer
