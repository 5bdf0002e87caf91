package scenarios

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/kindred-emulator/kindred/emulator/apierr"
	"github.com/kindred-emulator/kindred/emulator/control"
)

// mender is a target that can be changed as an explanation's fix says.
type mender interface {
	// play has kindred play another fixture from now on.
	play(ctx context.Context, fixture string) error
	// clientID gives the scenario's service account another client id.
	clientID(ctx context.Context, s *Scenario, id string) error
	// newToken has the scenario's workload present a token that is new by kindred's clock.
	newToken(ctx context.Context, cause string) error
	// once runs the scenario without putting kindred back to its beginning.
	once(ctx context.Context, s Scenario) error
}

// mend applies the fix of an explanation, and nothing else, and runs the scenario again: it must then
// print what Expect.Fixed says.
func mend(ctx context.Context, t mender, api *control.Client, fixture string, s Scenario, x *apierr.Explanation) (err error) {
	if x == nil || x.Fix == nil {
		return errors.New("the explanation has no fix")
	}
	s.Expect, s.Before = Expect{Output: s.Expect.Fixed}, nil
	switch f := x.Fix; f.Do {
	case apierr.DoSet:
		changed, err := set(fixture, f.Source, f.Value)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.Remove(changed)) }()
		if err := t.play(ctx, changed); err != nil {
			return err
		}
		return errors.Join(t.once(ctx, s), t.play(ctx, fixture))
	case apierr.DoClientID:
		err = t.clientID(ctx, &s, f.Value)
	case apierr.DoLabel:
		s.Unlabelled = false
	case apierr.DoWait:
		_, err = api.SetClock(ctx, control.ClockChange{Advance: f.Value})
	case apierr.DoNewToken:
		err = t.newToken(ctx, x.Cause)
	case apierr.DoReach:
		err = api.ClearFaults(ctx)
	default:
		err = fmt.Errorf("nothing but words says how to mend it: %s", f.Text)
	}
	if err != nil {
		return err
	}
	return t.once(ctx, s)
}

// set writes a copy of a YAML file beside it, in which the scalar at FILE:LINE:COLUMN has another value.
func set(file, source, value string) (string, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	var root yaml.Node
	if err := yaml.Unmarshal(data, &root); err != nil {
		return "", err
	}
	place := strings.TrimPrefix(source, file+":")
	if !replaceAt(&root, place, value) {
		return "", fmt.Errorf("%s has no value at %s", file, source)
	}
	var out bytes.Buffer
	if err := yaml.NewEncoder(&out).Encode(&root); err != nil {
		return "", err
	}
	changed, err := os.CreateTemp(filepath.Dir(file), ".mended-*.yaml")
	if err != nil {
		return "", err
	}
	_, err = changed.Write(out.Bytes())
	return changed.Name(), errors.Join(err, changed.Close())
}

func replaceAt(n *yaml.Node, place, value string) bool {
	if n.Kind == yaml.ScalarNode && fmt.Sprintf("%d:%d", n.Line, n.Column) == place {
		n.SetString(value)
		return true
	}
	for _, child := range n.Content {
		if replaceAt(child, place, value) {
			return true
		}
	}
	return false
}
