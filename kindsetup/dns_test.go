package kindsetup

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

const corefile = `.:53 {
    errors
    forward . /etc/resolv.conf
}
`

func TestTheCorefileKeepsWhatItHas(t *testing.T) {
	t.Parallel()
	block := dnsBlock([]string{"vault.azure.net", "login.microsoftonline.com"}, "kindred-emulator")
	assert.Contains(t, block, "vault.azure.net:53 login.microsoftonline.com:53 {\n")
	assert.Contains(t, block, "name regex .* kindred-emulator answer auto")

	first := withBlock(corefile, block)
	assert.Equal(t, corefile+block, first)
	assert.Equal(t, first, withBlock(first, block), "a second time changes nothing")
	assert.Equal(t, corefile, withBlock(first, ""), "and it can go again")

	other := dnsBlock([]string{"vault.azure.cn"}, "kindred-emulator")
	own := "example.org:53 {\n    whoami\n}\n"
	changed := withBlock(first+own, other)
	assert.Equal(t, corefile+own+other, changed, "what others added stays")
	assert.Equal(t, 1, strings.Count(changed, dnsBegin))
}

func TestNoZonesNoBlock(t *testing.T) {
	t.Parallel()
	assert.Empty(t, dnsBlock(nil, "kindred-emulator"))
}

// A Corefile that somebody has cut in the middle of the block loses nothing before it.
func TestACorefileWithHalfABlock(t *testing.T) {
	t.Parallel()
	block := dnsBlock([]string{"vault.azure.net"}, "e")
	assert.Equal(t, corefile+block, withBlock(corefile+dnsBegin+"\nvault", block))
}
