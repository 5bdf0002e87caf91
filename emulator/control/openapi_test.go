package control

import (
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/kindred-emulator/kindred/emulator/journal"
)

type description struct {
	Paths      map[string]map[string]any `yaml:"paths"`
	Components struct {
		Schemas map[string]struct {
			Properties map[string]any `yaml:"properties"`
		} `yaml:"schemas"`
	} `yaml:"components"`
}

func described(t *testing.T) (d description) {
	t.Helper()
	require.NoError(t, yaml.Unmarshal(openAPI, &d))
	return d
}

func TestEveryRouteIsDescribed(t *testing.T) {
	t.Parallel()
	var have, want []string
	for path, operations := range described(t).Paths {
		for method := range operations {
			have = append(have, strings.ToUpper(method)+" "+path)
		}
	}
	parameter := regexp.MustCompile(`:(\w+)`)
	for _, r := range (&api{}).routes() {
		want = append(want, r.method+" "+parameter.ReplaceAllString(r.path, "{$1}"))
	}
	assert.ElementsMatch(t, want, have)
}

func TestEveryFieldIsDescribed(t *testing.T) {
	t.Parallel()
	d := described(t)
	for name, v := range map[string]any{
		"Problem": Problem{}, "Info": Info{}, "Workload": Workload{}, "TokenRequest": TokenRequest{}, "Token": Token{},
		"ClockState": ClockState{}, "ClockChange": ClockChange{}, "Fault": Fault{}, "Record": journal.Record{},
	} {
		var fields []string
		for i := range reflect.TypeOf(v).NumField() {
			field, _, _ := strings.Cut(reflect.TypeOf(v).Field(i).Tag.Get("json"), ",")
			fields = append(fields, field)
		}
		assert.ElementsMatch(t, fields, slices.Collect(maps.Keys(d.Components.Schemas[name].Properties)), name)
	}
	assert.Len(t, d.Components.Schemas, 9)
}
