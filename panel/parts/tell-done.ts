import { notifications } from '@mantine/notifications';

/** Says for a few seconds that what was asked for has been done. */
export function tellDone(message: string): void {
  notifications.show({ message, color: 'green', closeButtonProps: { 'aria-label': 'Close' } });
}
