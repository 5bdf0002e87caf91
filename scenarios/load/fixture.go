package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// shape is how much a fixture holds: secrets in the vault that is read, vaults beside it, identities,
// and the credentials of each.
type shape struct {
	name                                     string
	secrets, vaults, identities, credentials int
}

// The names that every shape has. The identity in the middle and its last credential are the ones that
// are used.
const (
	readVault   = "kv-read"
	writeVault  = "kv-write"
	application = "20000000-0000-4000-8000-000000000000"
	appSecret   = "s3cret-of-the-application"
)

func (s shape) subject() string  { return fmt.Sprintf("load-%02d", s.credentials-1) }
func (s shape) clientID() string { return clientID(s.identities / 2) }

func clientID(i int) string   { return fmt.Sprintf("10000000-0000-4000-8000-%012d", i) }
func secretName(i int) string { return fmt.Sprintf("secret-%06d", i) }

// write writes the fixture into a folder, in files of at most 10 MB, and names them.
func (s shape) write(dir string) ([]string, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	var files []string
	add := func(text string) error {
		files = append(files, filepath.Join(dir, fmt.Sprintf("%s-%d.yaml", s.name, len(files))))
		return os.WriteFile(files[len(files)-1], []byte(text), 0o600)
	}
	if err := add(s.base()); err != nil {
		return nil, err
	}
	const perFile = 2000 // identities: 3 MB with 20 credentials
	for from := 0; from < s.identities; from += perFile {
		if err := add(s.principals(from, min(from+perFile, s.identities))); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// base is all but the identities.
func (s shape) base() string {
	var b strings.Builder
	b.WriteString("tenants: [{domain: contoso.onmicrosoft.com}]\nclusters:\n  - name: aks\n    serviceAccounts:\n")
	for i := range s.credentials {
		fmt.Fprintf(&b, "      - {name: load-%02d}\n", i)
	}
	fmt.Fprintf(&b, "applications: [{name: ci, clientId: %s, secrets: [{value: %s}]}]\nvaults:\n", application, appSecret)
	const all = "accessPolicies: [{identity: %s, permissions: {secrets: [all]}}]"
	used := fmt.Sprintf(all, identityName(s.identities/2))
	fmt.Fprintf(&b, "  - {name: %s, %s}\n", writeVault, used)
	for i := range s.vaults {
		fmt.Fprintf(&b, "  - {name: kv-%04d, %s, secrets: [{name: s, value: x}]}\n", i, used)
	}
	fmt.Fprintf(&b, "  - name: %s\n    %s\n    secrets:\n", readVault, used)
	for i := range s.secrets {
		fmt.Fprintf(&b, "      - {name: %s, value: \"%032d\"}\n", secretName(i), i)
	}
	return b.String()
}

func identityName(i int) string { return fmt.Sprintf("identity-%05d", i) }

func (s shape) principals(from, to int) string {
	var b strings.Builder
	b.WriteString("identities:\n")
	for i := from; i < to; i++ {
		fmt.Fprintf(&b, "  - name: %s\n    clientId: %s\n    federatedCredentials:\n", identityName(i), clientID(i))
		for c := range s.credentials {
			fmt.Fprintf(&b, "      - {name: fic-%02d, cluster: aks, subject: \"system:serviceaccount:default:load-%02d\"}\n", c, c)
		}
	}
	return b.String()
}
