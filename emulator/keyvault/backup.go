package keyvault

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/kindred-emulator/kindred/emulator/apierr"
)

// A backup blob is the unpadded base64url of
//
//	{"format":"kindred-secret-backup-1","sha256":"…","content":{"name":"…","latest":"…","versions":[…]}}
//
// where sha256 is that of the bytes of content. It restores in any vault of any run. Azure encrypts its
// blobs for one subscription and geography; this one is NOT encrypted: it is as secret as the values
// in it.
const backupFormat = "kindred-secret-backup-1"

// maxBackupVersions: https://learn.microsoft.com/azure/key-vault/general/backup#limitations.
const maxBackupVersions = 500

type backupFile struct {
	Format  string          `json:"format"`
	SHA256  string          `json:"sha256"`
	Content json.RawMessage `json:"content"`
}

func encodeBackup(all []*version, latest *version) (string, error) {
	secret, err := json.Marshal(writtenOf(all, latest))
	if err != nil {
		return "", err
	}
	blob, err := json.Marshal(backupFile{Format: backupFormat, SHA256: checksum(secret), Content: secret})
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(blob), nil
}

func checksum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// decodeBackup reads a blob. Whoever holds one can compute its checksum, so all it says is held
// against the limits.
func decodeBackup(blob string) (all []*version, latest *version, err error) {
	bad := apierr.BadBackup.With()
	file, secret := backupFile{}, written{}
	data, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(blob, "="))
	if err != nil || strict(data, &file) != nil || file.Format != backupFormat ||
		checksum(file.Content) != file.SHA256 || strict(file.Content, &secret) != nil ||
		checkName(secret.Name) != nil || len(secret.Versions) > maxBackupVersions {
		return nil, nil, bad
	}
	x, err := secret.read()
	if err != nil {
		return nil, nil, bad
	}
	for i, v := range x.versions {
		if !isVersion(v.id) || v.check() != nil || i > 0 && v.id <= x.versions[i-1].id {
			return nil, nil, bad
		}
	}
	return x.versions, x.latest, nil
}

// strict decodes one JSON value with the known fields alone, and nothing behind it.
func strict(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is more behind the value")
	}
	return nil
}
