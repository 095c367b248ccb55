package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	algEd25519     = 1
	algCosignature = 4
	algMLDSA44     = 6
)

// cosigner verifies cosignature/v1 lines: https://c2sp.org/tlog-cosignature
type cosigner struct {
	name   string
	hash   uint32
	public ed25519.PublicKey
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }
func (c *cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	timestamp := binary.BigEndian.Uint64(sig)
	return timestamp < 1<<63 && ed25519.Verify(c.public, cosignedMessage(msg, timestamp), sig[8:])
}

func cosignedMessage(checkpoint []byte, timestamp uint64) []byte {
	return append([]byte(fmt.Sprintf("cosignature/v1\ntime %d\n", timestamp)), checkpoint...)
}

// newCosignatureVerifier returns nil without an error for an ML-DSA-44 key: this Go has no ML-DSA.
func newCosignatureVerifier(vkey string) (note.Verifier, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 || parts[0] == "" {
		return nil, fmt.Errorf("malformed verifier key")
	}
	material, err := base64.StdEncoding.Strict().DecodeString(parts[2])
	if err != nil || len(material) == 0 {
		return nil, fmt.Errorf("malformed verifier key")
	}
	id := sha256.Sum256(append([]byte(parts[0]+"\n"), material...))
	if fmt.Sprintf("%x", id[:4]) != parts[1] {
		return nil, fmt.Errorf("wrong key id")
	}
	switch {
	case material[0] == algCosignature && len(material) == 1+ed25519.PublicKeySize:
		return &cosigner{parts[0], binary.BigEndian.Uint32(id[:]), ed25519.PublicKey(material[1:])}, nil
	case material[0] == algMLDSA44 && len(material) == 1+1312:
		return nil, nil
	}
	return nil, fmt.Errorf("not a cosignature key")
}

type checkpoint struct {
	origin string
	size   int64
	root   tlog.Hash
}

func parseCheckpoint(text string) (checkpoint, error) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) < 3 {
		return checkpoint{}, fmt.Errorf("checkpoint of %d lines", len(lines))
	}
	for _, line := range lines {
		if line == "" {
			return checkpoint{}, fmt.Errorf("empty line in checkpoint")
		}
	}
	size, err := parseDecimal(lines[1])
	if err != nil {
		return checkpoint{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return checkpoint{lines[0], size, root}, err
}

func parseDecimal(text string) (int64, error) {
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil || number < 0 || strconv.FormatInt(number, 10) != text {
		return 0, fmt.Errorf("not a decimal: %q", text)
	}
	return number, nil
}

// verifyProof checks a C2SP tlog-proof of an entry: https://c2sp.org/tlog-proof
func verifyProof(text, entry []byte, p *policy) error {
	head, signed, found := bytes.Cut(text, []byte("\n\n"))
	if !found {
		return fmt.Errorf("proof without checkpoint")
	}
	lines := strings.Split(string(head), "\n")
	if lines[0] != "c2sp.org/tlog-proof@v1" {
		return fmt.Errorf("proof without header")
	}
	lines = lines[1:]
	if len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		if _, err := base64.StdEncoding.Strict().DecodeString(lines[0][len("extra "):]); err != nil {
			return err
		}
		lines = lines[1:]
	}
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "index ") {
		return fmt.Errorf("proof without index")
	}
	index, err := parseDecimal(lines[0][len("index "):])
	if err != nil {
		return err
	}
	var path tlog.RecordProof
	for _, line := range lines[1:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return err
		}
		path = append(path, hash)
	}
	opened, err := note.Open(signed, note.VerifierList(p.verifiers...))
	if err != nil {
		return err
	}
	head2, err := parseCheckpoint(opened.Text)
	if err != nil {
		return err
	}
	if err := p.check(head2.origin, opened.Sigs); err != nil {
		return err
	}
	return tlog.CheckRecord(path, head2.size, head2.root, index, tlog.RecordHash(entry))
}

// order asks for a proof of one leaf, signed by keys made from seeds.
type order struct {
	Origin     string   `json:"origin"`
	Seed       []byte   `json:"seed"`
	Leaves     [][]byte `json:"leaves"`
	Index      int64    `json:"index"`
	Extra      []byte   `json:"extra"`
	Witness    []string `json:"witness"`
	Seeds      [][]byte `json:"seeds"`
	Timestamps []uint64 `json:"timestamps"`
}

type signer struct {
	name string
	hash uint32
	sign func(msg []byte) []byte
}

func (s *signer) Name() string                    { return s.name }
func (s *signer) KeyHash() uint32                 { return s.hash }
func (s *signer) Sign(msg []byte) ([]byte, error) { return s.sign(msg), nil }

func newSigner(name string, alg byte, seed []byte, sign func(ed25519.PrivateKey, []byte) []byte) note.Signer {
	private := ed25519.NewKeyFromSeed(seed)
	material := append([]byte{alg}, private.Public().(ed25519.PublicKey)...)
	id := sha256.Sum256(append([]byte(name+"\n"), material...))
	return &signer{name, binary.BigEndian.Uint32(id[:]), func(msg []byte) []byte { return sign(private, msg) }}
}

func makeProof() error {
	var o order
	if err := readAll(&o); err != nil {
		return err
	}
	log := &leafLog{}
	for _, leaf := range o.Leaves {
		if err := log.append(leaf); err != nil {
			return err
		}
	}
	root, err := tlog.TreeHash(log.size, log)
	if err != nil {
		return err
	}
	path, err := tlog.ProveRecord(log.size, o.Index, log)
	if err != nil {
		return err
	}
	signers := []note.Signer{newSigner(o.Origin, algEd25519, o.Seed, ed25519.Sign)}
	for i, name := range o.Witness {
		timestamp := o.Timestamps[i]
		cosign := func(private ed25519.PrivateKey, msg []byte) []byte {
			sig := make([]byte, 8)
			binary.BigEndian.PutUint64(sig, timestamp)
			return append(sig, ed25519.Sign(private, cosignedMessage(msg, timestamp))...)
		}
		signers = append(signers, newSigner(name, algCosignature, o.Seeds[i], cosign))
	}
	text := fmt.Sprintf("%s\n%d\n%s\n", o.Origin, log.size, root)
	signed, err := note.Sign(&note.Note{Text: text}, signers...)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	out.WriteString("c2sp.org/tlog-proof@v1\n")
	if len(o.Extra) > 0 {
		fmt.Fprintf(&out, "extra %s\n", base64.StdEncoding.EncodeToString(o.Extra))
	}
	fmt.Fprintf(&out, "index %d\n", o.Index)
	for _, hash := range path {
		fmt.Fprintf(&out, "%s\n", hash)
	}
	out.WriteString("\n")
	out.Write(signed)
	_, err = os.Stdout.Write(out.Bytes())
	return err
}
