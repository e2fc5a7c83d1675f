import { AppShell, Burger, Group, Text, useMatches } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Link, Outlet, ScrollRestoration } from 'react-router';
import { LiveProvider, useLiveUpdates } from '../client/live.ts';
import logo from '../favicon.svg';
import { SignInAgain } from '../parts/sign-in-again.tsx';
import { AccountMenu } from './account-menu.tsx';
import { ColourScheme } from './colour-scheme.tsx';
import { Navigation } from './navigation.tsx';
import { Reconnecting } from './reconnecting.tsx';

/** What stands around every page. */
export function Layout() {
  const isLive = useLiveUpdates();
  const [isOpen, { toggle, close }] = useDisclosure();
  // out of sight it must be out of reach of the keyboard too
  const visibility = useMatches({ base: isOpen ? undefined : ('hidden' as const), sm: undefined });
  return (
    <LiveProvider value={isLive}>
      <a href="#page" className="skip-link for-screen-readers">
        Skip to the page
      </a>
      <AppShell
        header={{ height: 56 }}
        navbar={{ width: 240, breakpoint: 'sm', collapsed: { mobile: !isOpen } }}
        padding={{ base: 'md', md: 'xl' }}
      >
        <AppShell.Header px="md">
          <Group h="100%" justify="space-between" wrap="nowrap">
            <Group gap="xs" wrap="nowrap">
              <Burger opened={isOpen} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Navigation" aria-expanded={isOpen} />
              <Brand />
            </Group>
            <Group gap="xs" wrap="nowrap">
              <Reconnecting />
              <ColourScheme />
              <AccountMenu />
            </Group>
          </Group>
        </AppShell.Header>
        <AppShell.Navbar p="sm" aria-label="Pages" style={{ visibility }}>
          <AppShell.Section grow style={{ overflowY: 'auto' }}>
            <Navigation onNavigate={close} />
          </AppShell.Section>
        </AppShell.Navbar>
        <AppShell.Main id="page" tabIndex={-1} style={{ outline: 'none' }}>
          <Outlet />
        </AppShell.Main>
      </AppShell>
      <SignInAgain />
      <ScrollRestoration />
    </LiveProvider>
  );
}

function Brand() {
  return (
    <Link to="/" style={{ textDecoration: 'none', color: 'inherit' }}>
      <Group gap={8} wrap="nowrap">
        <img src={logo} width={28} height={28} alt="" />
        <Text fw={700}>Tidemark</Text>
      </Group>
    </Link>
  );
}
