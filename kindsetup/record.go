package kindsetup

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Record is what is known of a cluster between two commands. It is written before anything is made,
// so that an interrupted run can be told from somebody else's cluster.
type Record struct {
	Name      string `json:"name"`
	NodeImage string `json:"nodeImage"`
	Image     string `json:"image"` // kindred's
	Issuer    string `json:"issuer"`
	Cluster   string `json:"cluster"` // the fixture's, that this one plays
	Listen    string `json:"listen"`
	Proxy     string `json:"proxy"`
	Control   string `json:"control"`
	Webhook   bool   `json:"webhook"`
	// Created says that kind was done with the cluster.
	Created bool `json:"created"`
	// MadeNetwork and MadeImage say that they were not there before.
	MadeNetwork bool `json:"madeNetwork"`
	MadeImage   bool `json:"madeImage"`
	// Kubeconfig is the user's files as they were before kind wrote its context.
	Kubeconfig []savedFile `json:"kubeconfig,omitempty"`
}

// The files of a cluster's folder.
const (
	recordFile = "cluster.json"
	stateDir   = "state"          // what `kindred serve --state` keeps
	saDir      = "serviceaccount" // sa.key and sa.pub, mounted into the node
	tokenFile  = "control-token"  // of the control API
	caFile     = "ca.pem"         // kindred's certificate authority
)

// ErrNoCluster says that there is no record of a cluster.
var ErrNoCluster = errors.New("there is no such cluster of kindred's; `kindred cluster up` makes it")

// Load reads the record in a cluster's folder.
func Load(dir string) (*Record, error) {
	data, err := os.ReadFile(filepath.Join(dir, recordFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoCluster
	}
	if err != nil {
		return nil, err
	}
	var r Record
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, recordFile), err)
	}
	return &r, nil
}

func (r *Record) save(dir string) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return replace(filepath.Join(dir, recordFile), data)
}

// replace writes a file whole or not at all; only its owner can read it.
func replace(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	tmp := path + ".tmp"
	if err := os.WriteFile(tmp, data, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

// ControlToken is the token of the control API of the cluster whose folder this is.
func ControlToken(dir string) (string, error) {
	token, err := os.ReadFile(filepath.Join(dir, tokenFile))
	return string(token), err
}

// makeToken makes the token, unless there is one.
func makeToken(dir string) error {
	file := filepath.Join(dir, tokenFile)
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return replace(file, []byte(rand.Text()))
}
