package journal_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kindred-emulator/kindred/emulator/journal"
)

func TestJournalForgetsTheOldest(t *testing.T) {
	var j journal.Journal
	for i := range journal.Capacity + 3 {
		j.Add(&journal.Record{Path: strconv.Itoa(i)})
	}
	records := j.Records()
	require.Len(t, records, journal.Capacity)
	assert.Equal(t, "3", records[0].Path)
	assert.Equal(t, "4", records[0].ID)

	_, ok := j.Get("3")
	assert.False(t, ok, "forgotten")
	r, ok := j.Get("4")
	require.True(t, ok)
	assert.Equal(t, "3", r.Path)
}

func TestGetRefusesWhatIsNoID(t *testing.T) {
	var j journal.Journal
	j.Add(&journal.Record{})
	for _, id := range []string{"", "0", "-1", "2", "x"} {
		_, ok := j.Get(id)
		assert.False(t, ok, id)
	}
}

func TestLastRefused(t *testing.T) {
	var j journal.Journal
	_, ok := j.LastRefused()
	assert.False(t, ok)

	j.Add(&journal.Record{Error: &journal.Failure{ID: "AADSTS700211"}})
	j.Add(&journal.Record{Error: &journal.Failure{ID: "AADSTS700213"}})
	j.Add(&journal.Record{})
	r, ok := j.LastRefused()
	require.True(t, ok)
	assert.Equal(t, "AADSTS700213", r.Error.ID)
}

func TestAChallengeThatNobodyAnswered(t *testing.T) {
	challenge := &journal.Record{Host: "kv", Challenge: true, Error: &journal.Failure{ID: "Unauthorized"}}
	token := &journal.Record{Host: "login", Surface: "entra", Route: "token"}
	instance := &journal.Record{Host: "login", Surface: "entra", Route: "instance"}
	for name, c := range map[string]struct {
		records []*journal.Record
		want    bool
	}{
		"nothing happened":     {nil, false},
		"no challenge":         {[]*journal.Record{token}, false},
		"challenged":           {[]*journal.Record{token, challenge}, true},
		"and asked who":        {[]*journal.Record{challenge, instance}, true},
		"and asked for one":    {[]*journal.Record{challenge, token}, false},
		"and came back":        {[]*journal.Record{challenge, {Host: "kv"}}, false},
		"another vault's":      {[]*journal.Record{challenge, {Host: "kv2"}}, true},
		"challenged once more": {[]*journal.Record{challenge, token, challenge}, true},
	} {
		var j journal.Journal
		for _, r := range c.records {
			j.Add(r)
		}
		_, ok := j.LastChallenge()
		assert.Equal(t, c.want, ok, name)
	}
}
