package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/bufbuild/protocompile/linker"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// documented returns an error for each message, field and enum without a comment before or behind it. A
// field needs none where another comment says it already: that of its message or enum, or of its oneof.
func documented(files linker.Files) error {
	var missing []error
	require := func(d protoreflect.Descriptor) {
		if !commented(d) {
			at := d.ParentFile().SourceLocations().ByDescriptor(d)
			missing = append(missing, fmt.Errorf("%s:%d: %s has no comment", d.ParentFile().Path(), at.StartLine+1, d.FullName()))
		}
	}
	var messages func(protoreflect.MessageDescriptors)
	enums := func(list protoreflect.EnumDescriptors) {
		for i := range list.Len() {
			require(list.Get(i))
		}
	}
	messages = func(list protoreflect.MessageDescriptors) {
		for i := range list.Len() {
			message := list.Get(i)
			if message.IsMapEntry() {
				continue
			}
			require(message)
			for j := range message.Fields().Len() {
				if field := message.Fields().Get(j); !explained(field) {
					require(field)
				}
			}
			enums(message.Enums())
			messages(message.Messages())
		}
	}
	for _, file := range files {
		messages(file.Messages())
		enums(file.Enums())
	}
	return errors.Join(missing...)
}

// explained reports whether the type of a field, or the oneof it is in, carries the comment.
func explained(field protoreflect.FieldDescriptor) bool {
	if oneof := field.ContainingOneof(); oneof != nil && commented(oneof) {
		return true
	}
	if message := field.Message(); message != nil && !field.IsMap() {
		return message.ParentFile().Package() == field.ParentFile().Package() && commented(message)
	}
	if enum := field.Enum(); enum != nil {
		return commented(enum)
	}
	return false
}

// commented reports whether a comment stands before or behind a declaration.
func commented(d protoreflect.Descriptor) bool {
	at := d.ParentFile().SourceLocations().ByDescriptor(d)
	return strings.TrimSpace(at.LeadingComments+at.TrailingComments) != ""
}
