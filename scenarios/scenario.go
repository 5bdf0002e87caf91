package scenarios

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"sort"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// File is a scenario file: some scenarios over one fixture.
type File struct {
	Name string `yaml:"-"`
	// Fixture is a file beside this one; empty: the fixture that kindred ships.
	Fixture   string     `yaml:"fixture"`
	Scenarios []Scenario `yaml:"scenarios"`
}

// Scenario is a workload and the outcome it must have.
type Scenario struct {
	Name string `yaml:"name"`
	// As is the service account that the workload runs as, [CLUSTER/]NAMESPACE/NAME.
	As string `yaml:"as"`
	// Unlabelled workloads get no AZURE_ variables, as a pod without the webhook's label.
	Unlabelled bool `yaml:"unlabelled"`
	// Token says how the workload's token differs from what the cluster signs.
	Token Token `yaml:"token"`
	// Before are steps between the signing of the token and the start of the workload.
	Before []Step `yaml:"before"`
	// Vault and Secret are what the quick-start client reads: a URL and a name.
	Vault  string `yaml:"vault"`
	Secret string `yaml:"secret"`
	Expect Expect `yaml:"expect"`
}

// Token is a change to a service-account token.
type Token struct {
	Audience string            `yaml:"audience"`
	Claims   map[string]string `yaml:"claims"`
	Type     string            `yaml:"typ"`
}

// Step is one change to the running kindred; one field is set.
type Step struct {
	Advance time.Duration `yaml:"advance"` // of the clock
	Rotate  string        `yaml:"rotate"`  // the signing key of a cluster
}

// Expect is the outcome: the secret's value, or a refusal and its cause. A workload that never gets
// to kindred fails without either.
type Expect struct {
	Output string `yaml:"output"`
	Error  string `yaml:"error"`
	Cause  string `yaml:"cause"`
	Fails  bool   `yaml:"fails"`
}

// Load reads the scenario files of a folder, in the order of their names.
func Load(fsys fs.FS) ([]File, error) {
	names, err := fs.Glob(fsys, "*.yaml")
	if err != nil {
		return nil, err
	}
	sort.Strings(names)
	files := make([]File, 0, len(names))
	for _, name := range names {
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		f, err := parse(name, data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		files = append(files, f)
	}
	return files, nil
}

func parse(name string, data []byte) (File, error) {
	f := File{Name: strings.TrimSuffix(path.Base(name), ".yaml")}
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(&f); err != nil {
		return f, err
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return f, errors.New("there is a second document in it")
	}
	seen := make(map[string]bool)
	for i, s := range f.Scenarios {
		if err := s.validate(); err != nil {
			return f, fmt.Errorf("scenarios[%d] %q: %w", i, s.Name, err)
		}
		if seen[s.Name] {
			return f, fmt.Errorf("scenarios[%d]: there are two named %q", i, s.Name)
		}
		seen[s.Name] = true
	}
	return f, nil
}

func (s Scenario) validate() error {
	var outcomes int
	for _, set := range []bool{s.Expect.Output != "", s.Expect.Error != "", s.Expect.Fails} {
		if set {
			outcomes++
		}
	}
	switch {
	case s.Name == "":
		return errors.New("it has no name")
	case s.Vault == "" || s.Secret == "":
		return errors.New("say the vault and the secret to read")
	case outcomes != 1:
		return errors.New("expect one of output, error and fails")
	case s.Expect.Error != "" && s.Expect.Cause == "":
		return errors.New("an error that is expected has a cause")
	}
	for i, step := range s.Before {
		if (step.Advance != 0) == (step.Rotate != "") {
			return fmt.Errorf("before[%d]: say advance or rotate", i)
		}
	}
	return nil
}
