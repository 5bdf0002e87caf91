package entra

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestEvidenceIsBounded(t *testing.T) {
	t.Parallel()
	assert.Empty(t, some(nil, strconv.Itoa))
	assert.Equal(t, []string{"1", "2"}, some([]int{1, 2}, strconv.Itoa))
	lines := some(make([]int, 10_000), strconv.Itoa)
	assert.Len(t, lines, 11)
	assert.Equal(t, "9990 more are not listed.", lines[10])
}
