package scenarios

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"sort"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/kindred-emulator/kindred/emulator/control"
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
	// On are the targets that can run it; empty: all.
	On []string `yaml:"on"`
	// As is the service account that the workload runs as, [CLUSTER/]NAMESPACE/NAME.
	As string `yaml:"as"`
	// Unlabelled workloads get no AZURE_ variables, as a pod without the webhook's label.
	Unlabelled bool `yaml:"unlabelled"`
	// Annotations are the pod's.
	Annotations map[string]string `yaml:"annotations"`
	// Token says how the workload's token differs from what the cluster signs.
	Token Token `yaml:"token"`
	// Before are steps between the signing of the token and the start of the workload.
	Before []Step `yaml:"before"`
	// Manifest is a file of Kubernetes objects beside the scenario's, which are applied as they are. It
	// stands for As, Vault and Secret.
	Manifest string `yaml:"manifest"`
	// Of is the workload of the manifest whose output counts.
	Of Workload `yaml:"of"`
	// While are steps while the workload runs; it must then go on as expected.
	While []Step `yaml:"while"`
	// Slow scenarios begin before the others of their file and end after them.
	Slow bool `yaml:"slow"`
	// Vault and Secret are what the quick-start client reads: a URL and a name.
	Vault  string `yaml:"vault"`
	Secret string `yaml:"secret"`
	Expect Expect `yaml:"expect"`

	clientID string // instead of the service account's
}

// Workload names containers of a manifest.
type Workload struct {
	Namespace string `yaml:"namespace"` // empty: default
	Selector  string `yaml:"selector"`  // of its pods, NAME=VALUE
	Container string `yaml:"container"` // empty: the only one
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
	Do      string        `yaml:"do"`      // something to a real cluster: see Kind.actions
	Fault   control.Fault `yaml:"fault"`   // something that goes wrong from now on
}

func (s Step) validate() error {
	if count(s.Advance != 0, s.Rotate != "", s.Do != "", s.Fault != control.Fault{}) != 1 {
		return errors.New("say one of advance, rotate, do and fault")
	}
	return nil
}

// steer does the steps that every kindred can take.
func (s Step) steer(ctx context.Context, api *control.Client) error {
	switch {
	case s.Rotate != "":
		return api.Rotate(ctx, s.Rotate)
	case s.Fault != control.Fault{}:
		return api.Fault(ctx, s.Fault)
	}
	_, err := api.SetClock(ctx, control.ClockChange{Advance: s.Advance.String()})
	return err
}

// Expect is the outcome: the secret's value, or a refusal and its cause. A workload that never gets
// to kindred fails with a text of its own.
type Expect struct {
	Output string `yaml:"output"`
	Error  string `yaml:"error"`
	Cause  string `yaml:"cause"`
	Fails  string `yaml:"fails"`
	// Fixed is the output once the fix of the explanation has been applied, and nothing else.
	Fixed string `yaml:"fixed"`
	// Fields are the pod's by JSONPath, as the API server has them.
	Fields map[string]string `yaml:"fields"`
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
	switch {
	case s.Name == "":
		return errors.New("it has no name")
	case s.Manifest == "" && (s.Vault == "" || s.Secret == ""):
		return errors.New("say the vault and the secret to read")
	case s.Manifest != "" && (s.Of.Selector == "" || s.Vault != "" || s.As != ""):
		return errors.New("a manifest says the vault and the account itself, and needs a selector of its pods")
	case s.Manifest != "" && !slices.Equal(s.On, []string{"kind"}):
		return errors.New("a manifest is for a real cluster: say on: [kind]")
	}
	for when, steps := range map[string][]Step{"before": s.Before, "while": s.While} {
		for i, step := range steps {
			if err := step.validate(); err != nil {
				return fmt.Errorf("%s[%d]: %w", when, i, err)
			}
		}
	}
	return s.Expect.validate()
}

func (e Expect) validate() error {
	switch {
	case count(e.Output != "", e.Error != "", e.Fails != "") != 1:
		return errors.New("expect one of output, error and fails")
	case e.Error != "" && e.Cause == "":
		return errors.New("an error that is expected has a cause")
	case e.Fixed != "" && e.Error == "":
		return errors.New("only an error can be fixed")
	}
	return nil
}

// count is how many are true.
func count(conditions ...bool) (n int) {
	for _, is := range conditions {
		if is {
			n++
		}
	}
	return n
}

// RunsOn says whether a target can run the scenario.
func (s Scenario) RunsOn(target string) bool {
	return len(s.On) == 0 || slices.Contains(s.On, target)
}

// tokenRequest asks kindred for the scenario's token.
func (s Scenario) tokenRequest() control.TokenRequest {
	claims := make(map[string]any, len(s.Token.Claims))
	for name, value := range s.Token.Claims {
		claims[name] = value
	}
	return control.TokenRequest{
		As: s.As, Audience: s.Token.Audience, ExpiresIn: time.Hour.String(), Claims: claims, Type: s.Token.Type,
	}
}
