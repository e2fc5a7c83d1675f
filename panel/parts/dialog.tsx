import { Modal, type ModalProps } from '@mantine/core';

interface DialogProps extends ModalProps {
  readonly isPending: boolean;
}

/** Stays until what was asked for in it is answered: what has been sent cannot be called back. */
export function Dialog({ isPending, onClose, ...rest }: DialogProps) {
  return (
    <Modal
      closeButtonProps={{ 'aria-label': 'Close', disabled: isPending }}
      {...rest}
      onClose={() => {
        if (!isPending) onClose();
      }}
    />
  );
}
